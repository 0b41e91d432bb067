/* The C interface between Rust and cppTango, and the convention that it follows. server.h and database.h
 * declare its two parts.
 *
 * Names begin with nxt, for NeXus and Tango. No type of C++, no exception and no panic crosses the interface.
 *
 * Strings are nxt_text in both directions: borrowed, not terminated, and in Latin-1 as on the wire. Lists of
 * strings are nxt_texts. The lender keeps them until the call returns, and the receiver copies what it needs
 * longer. Pointers are never null, unless the declaration says so.
 *
 * A function that can fail returns a status: 0 or more when it succeeded, -1 when it failed. Its last parameter
 * is an nxt_sink. When it fails, it adds the levels of the error to the sink before it returns, the innermost
 * first. When it succeeds, it adds the strings that it has found. A function without a sink cannot fail.
 *
 * A callback that can fail has an nxt_reply instead, to which it adds its value or the levels of its error.
 *
 * Nothing that one side allocates is freed by the other: what a function makes, another function frees. */
#ifndef NXT_CONVENTION_H
#define NXT_CONVENTION_H

#include <stddef.h>
#include <stdint.h>

/* A borrowed string. Without characters, its pointer may be null. */
typedef struct {
  const char *text;
  size_t length;
} nxt_text;

/* A borrowed list of strings. Without elements, its pointer may be null. */
typedef struct {
  const nxt_text *texts;
  size_t count;
} nxt_texts;

/* Takes the results and errors of a call, until the call returns and in its thread alone. Only the caller knows
 * what the context is. */
typedef struct {
  void *context;
  void (*add_text)(void *context, nxt_text);
  void (*add_error)(void *context, nxt_text reason, nxt_text desc, nxt_text origin);
} nxt_sink;

#endif
