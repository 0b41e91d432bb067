/* The device server of the process: what Rust offers, what clients ask, and what Rust sends. See convention.h. */
#ifndef NXT_SERVER_H
#define NXT_SERVER_H

#include "convention.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Must be raised with every change of a header. Both sides compare it, and the sizes of structures. */
#define NXT_INTERFACE 4

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
  nxt_texts labels; /* of an enumeration */
  int32_t type;
  uint32_t spectrum; /* largest number of elements; 0: a scalar */
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

/* The reply of a callback, valid while the callback runs. */
typedef struct nxt_reply nxt_reply;

/* The argument of a command, or the value that is written to an attribute. */
typedef struct {
  int64_t number; /* boolean, long, enumeration, state */
  nxt_texts texts;
} nxt_argument;

/* Called by any thread of Tango, many at a time. */
typedef struct {
  void (*create)(uint32_t class_index, nxt_device, nxt_text name);
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

/* Replies. */
void nxt_reply_number(nxt_reply *, int64_t);     /* a scalar: boolean, long, enumeration, state */
void nxt_reply_add_number(nxt_reply *, int64_t); /* an element of a spectrum */
void nxt_reply_add_text(nxt_reply *, nxt_text);  /* the scalar, or an element */
void nxt_reply_add_error(nxt_reply *, nxt_text reason, nxt_text desc, nxt_text origin); /* a level */
void nxt_reply_unanswered(nxt_reply *); /* CORBA::TIMEOUT: a CommunicationFailed for the client */
nxt_reply *nxt_reply_new(void);         /* for pushes; null without memory */
void nxt_reply_free(nxt_reply *);

/* Runs the server in the calling thread until it ends. The structure must live for ever. May end the process:
 * on wrong arguments, or a server that the database does not know. */
int32_t nxt_run(const nxt_server *, nxt_texts arguments, nxt_sink);
/* Makes nxt_run return. 1: this is not possible now and has to be tried again. Not for callbacks. */
int32_t nxt_end(nxt_sink);

/* Exports the devices again if the database has forgotten that they are exported. Returns how many were exported
 * again. For any thread while the server serves. */
int32_t nxt_restore_exports(nxt_sink);

/* Any thread may call the following functions, which fail if the device does not exist.
 *
 * Adds the values of a property. 1: it is set; 0: it is not. */
int32_t nxt_property_get(nxt_device, nxt_text name, nxt_sink);
/* 1: all attributes have listeners again that had some in the last device of this name. After a restart, cppTango
 * gives them to the new device some time after its creation. */
int32_t nxt_has_listeners(nxt_device, nxt_sink);
int32_t nxt_push_state(nxt_device, int32_t state, nxt_text status, nxt_sink);
int32_t nxt_push(nxt_device, uint32_t attribute, const nxt_reply *value, nxt_sink);

/* Levels of log4tango. The device 0 is the server itself. */
int32_t nxt_log_level(nxt_device, nxt_sink);
int32_t nxt_set_log_level(nxt_device, int32_t level, nxt_sink);

#ifdef __cplusplus
}
#endif
#endif
