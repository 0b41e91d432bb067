/* The Tango database. See convention.h. */
#ifndef NXT_DATABASE_H
#define NXT_DATABASE_H

#include "convention.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A connection to a database, to be used by one thread at a time. */
typedef struct nxt_database nxt_database;

/* Connects to the database at host:port; if the host is null, to that of TANGO_HOST. nxt_database_close
 * frees the connection that it stores in `opened`. */
int32_t nxt_database_open(const nxt_text *host, int32_t port, nxt_database **opened, nxt_sink);
void nxt_database_close(nxt_database *);

/* Adds host:port of the database. */
int32_t nxt_database_address(const nxt_database *, nxt_sink);

/* Adds the names of the devices of a class, whatever their server, and whether they run or not. */
int32_t nxt_database_devices(const nxt_database *, nxt_text device_class, nxt_sink);

/* Adds the names of the members of domain/family/member; the member may have a wildcard. */
int32_t nxt_database_members(const nxt_database *, nxt_text device, nxt_sink);

/* Adds the values of a property of a device. 1: it is set; 0: it is not. */
int32_t nxt_database_property(const nxt_database *, nxt_text device, nxt_text property, nxt_sink);
int32_t nxt_database_put_property(const nxt_database *, nxt_text device, nxt_text property, nxt_texts values,
                                  nxt_sink);

/* 1: a server that runs, or has crashed, offers the device; 0: none does. */
int32_t nxt_database_exported(const nxt_database *, nxt_text device, nxt_sink);

/* Defines a device of a server ("name/instance"). */
int32_t nxt_database_add_device(const nxt_database *, nxt_text server, nxt_text device_class, nxt_text device,
                                nxt_sink);

/* Asks a device for its state, by its name with that of its database (tango://host:port/domain/family/member). Waits at
 * most so many milliseconds for the answer. Returns the number of the state. */
int32_t nxt_device_state(nxt_text device, int32_t timeout, nxt_sink);

#ifdef __cplusplus
}
#endif
#endif
