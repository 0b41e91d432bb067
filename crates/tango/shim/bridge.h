/* The C interface between Rust and cppTango: no type of C++ crosses it, no exception and no panic.
 *
 * Strings are borrowed, not terminated, and in Latin-1 as on the wire; the receiver copies what it
 * keeps before it returns. Nothing that one side allocates is freed by the other. Names begin with
 * nxt, for NeXus and Tango. */
#ifndef NXT_BRIDGE_H
#define NXT_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* To be raised with every change of this file; both sides compare it, and the sizes of structures. */
#define NXT_INTERFACE 2

typedef struct {
  const char *text;
  size_t length;
} nxt_text;

/* Type codes of Tango. */
enum {
  NXT_VOID = 0,
  NXT_BOOLEAN = 1,
  NXT_TEXT = 8,
  NXT_TEXTS = 16,
  NXT_STATE = 19,
  NXT_LONG64 = 23,
  NXT_ENUM = 29
};

typedef struct {
  nxt_text name;
  nxt_text in_doc, out_doc;
  int32_t in_type, out_type;
} nxt_command;

typedef struct {
  nxt_text name;
  const nxt_text *labels; /* of an enumeration */
  size_t label_count;
  int32_t type;
  uint32_t spectrum; /* most elements; 0: a scalar */
  int32_t writable;
} nxt_attribute;

typedef struct {
  nxt_text name, doc, preset;
} nxt_property;

typedef struct {
  nxt_text name;
  const nxt_command *commands;
  size_t command_count;
  const nxt_attribute *attributes;
  size_t attribute_count;
  const nxt_property *properties;
  size_t property_count;
} nxt_class;

/* A device: a number that is never used again. */
typedef uint64_t nxt_device;

/* What a callback answers, valid while it runs. */
typedef struct nxt_reply nxt_reply;

/* The argument of a command, or the value that an attribute shall have. */
typedef struct {
  int64_t number; /* boolean, long, enumeration, state */
  const nxt_text *texts;
  size_t text_count;
} nxt_argument;

/* Called by any thread of Tango, many at a time. */
typedef struct {
  void (*make)(uint32_t class_index, nxt_device, nxt_text name);
  void (*remove)(nxt_device);
  void (*init)(nxt_device, nxt_reply *);
  void (*state)(nxt_device, nxt_reply *);
  void (*status)(nxt_device, nxt_reply *);
  void (*command)(nxt_device, uint32_t index, const nxt_argument *, nxt_reply *);
  void (*read)(nxt_device, uint32_t index, nxt_reply *);
  void (*write)(nxt_device, uint32_t index, const nxt_argument *, nxt_reply *);
  void (*log)(int32_t level, nxt_text logger, nxt_text message);
  int32_t (*connected)(void); /* the database was found; not 0: end */
  int32_t (*serving)(void);   /* devices are exported; not 0: end */
} nxt_callbacks;

typedef struct {
  uint32_t interface; /* NXT_INTERFACE */
  uint32_t size;      /* of this structure */
  uint32_t class_size, command_size, attribute_size, property_size, callbacks_size;
  int32_t wait_for_database; /* seconds between attempts to connect at the start; 0: fail at once */
  nxt_text version;
  const nxt_class *classes;
  size_t class_count;
  nxt_callbacks callbacks;
} nxt_server;

/* Answers; each call copies its input. */
void nxt_reply_number(nxt_reply *, int64_t);     /* a scalar: boolean, long, enumeration, state */
void nxt_reply_add_number(nxt_reply *, int64_t); /* an element of a spectrum */
void nxt_reply_add_text(nxt_reply *, nxt_text);  /* the scalar, or an element */
void nxt_reply_add_error(nxt_reply *, nxt_text reason, nxt_text desc, nxt_text origin); /* a level */
void nxt_reply_unanswered(nxt_reply *); /* CORBA::TIMEOUT: a CommunicationFailed for the client */
nxt_reply *nxt_reply_new(void);         /* for pushes; null without memory */
void nxt_reply_free(nxt_reply *);

/* Is given texts: values, and with `failed` what went wrong. */
typedef void (*nxt_sink)(void *context, int32_t failed, nxt_text);

/* Runs the server in the calling thread until it ends. 0, or -1 with the reason in the sink. The
 * structure must live for ever. May end the process: on wrong arguments, or a server that the
 * database does not know. */
int32_t nxt_run(const nxt_server *, int32_t argc, const nxt_text *argv, nxt_sink, void *context);
/* Makes nxt_run return. 0, or -1: to be tried again. Not from a callback. */
int32_t nxt_end(void);

/* Has the database know again which devices are there, if it has forgotten it. The number of those that it
 * was told; 0: it knew; -1: it cannot be asked, with the reason in the sink. From any thread while the
 * server serves. */
int32_t nxt_recall(nxt_sink, void *context);

/* From any thread; -1: it failed, or there is no such device. */
int32_t nxt_property_get(nxt_device, nxt_text name, nxt_sink, void *context); /* 1: it is set */
int32_t nxt_push_state(nxt_device, int32_t state, nxt_text status);
int32_t nxt_push(nxt_device, uint32_t attribute, const nxt_reply *value);

/* Levels of log4tango. The device 0 is the server itself. */
int32_t nxt_log_level(nxt_device);
void nxt_set_log_level(nxt_device, int32_t level);

#ifdef __cplusplus
}
#endif
#endif
