/* The Tango database behind a C ABI.
 *
 * Texts that go in end with NUL and stay with the caller. Texts that come out are handed to an
 * `nxd_each`, which copies what it wants to keep. No exception leaves these functions: they return -1
 * when they fail, after the levels of the error went to `error`, the innermost first, three texts
 * each: reason, description, origin. */

#ifndef NXD_DATABASE_H
#define NXD_DATABASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nxd_database nxd_database;

typedef struct {
    void (*text)(void *context, const char *bytes, size_t length);
    void *context;
} nxd_each;

/* Connects to the database at host:port, or to that of TANGO_HOST if the host is NULL. Gives what
 * nxd_close has to close. */
int32_t nxd_open(const char *host, int32_t port, nxd_database **opened, nxd_each error);
void nxd_close(nxd_database *database);

/* host:port of the database. */
int32_t nxd_address(nxd_database *database, nxd_each address, nxd_each error);

/* Names of the devices of a class, whatever their server, and whether they run or not. */
int32_t nxd_devices(nxd_database *database, const char *device_class, nxd_each device, nxd_each error);

/* Names of the members of domain/family/member; the member may have a wildcard. */
int32_t nxd_members(nxd_database *database, const char *device, nxd_each member, nxd_each error);

/* Values of a property of a device. Returns 0 if it is not set, else 1. */
int32_t nxd_property(nxd_database *database, const char *device, const char *property, nxd_each value,
                     nxd_each error);

int32_t nxd_put_property(nxd_database *database, const char *device, const char *property,
                         const char *const *values, size_t count, nxd_each error);

/* Defines a device of a server ("name/instance"). */
int32_t nxd_add_device(nxd_database *database, const char *server, const char *device_class,
                       const char *device, nxd_each error);

#ifdef __cplusplus
}
#endif

#endif
