// The Tango database behind a C ABI: see database.h.

#if __has_include(<tango/tango.h>)
#include <tango/tango.h>
#else
#include <tango.h>
#endif

#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "database.h"

struct nxd_database {
    std::unique_ptr<Tango::Database> tango;
};

namespace {

void give(const nxd_each &each, const char *text) {
    each.text(each.context, text, std::strlen(text));
}

void give(const nxd_each &each, const std::string &text) {
    each.text(each.context, text.data(), text.size());
}

void fail(const nxd_each &error, const char *reason, const char *description) {
    give(error, reason);
    give(error, description);
    give(error, "");
}

int32_t guarded(const nxd_each &error, const std::function<int32_t()> &work) {
    try {
        // Threads that omniORB did not make are unknown to it otherwise.
        omni_thread::ensure_self known;
        return work();
    } catch (const Tango::DevFailed &failed) {
        for (CORBA::ULong level = 0; level < failed.errors.length(); level++) {
            give(error, failed.errors[level].reason.in());
            give(error, failed.errors[level].desc.in());
            give(error, failed.errors[level].origin.in());
        }
    } catch (const CORBA::Exception &exception) {
        fail(error, "API_CorbaException", exception._name());
    } catch (const std::exception &exception) {
        fail(error, "API_StdException", exception.what());
    } catch (...) {
        fail(error, "API_UnknownException", "unknown exception");
    }
    return -1;
}

int32_t give_strings(Tango::DbDatum found, const nxd_each &each) {
    std::vector<std::string> texts;
    if (!found.is_empty()) {
        found >> texts;
    }
    for (const std::string &text : texts) {
        give(each, text);
    }
    return 0;
}

}  // namespace

int32_t nxd_open(const char *host, int32_t port, nxd_database **opened, nxd_each error) {
    return guarded(error, [&] {
        std::unique_ptr<nxd_database> database(new nxd_database);
        if (host == nullptr) {
            database->tango.reset(new Tango::Database());
        } else {
            std::string name(host);
            database->tango.reset(new Tango::Database(name, port));
        }
        *opened = database.release();
        return 0;
    });
}

void nxd_close(nxd_database *database) {
    const nxd_each nobody = {[](void *, const char *, size_t) {}, nullptr};
    guarded(nobody, [&] {
        delete database;
        return 0;
    });
}

int32_t nxd_address(nxd_database *database, nxd_each address, nxd_each error) {
    return guarded(error, [&] {
        give(address, database->tango->get_db_host() + ":" + database->tango->get_db_port());
        return 0;
    });
}

int32_t nxd_devices(nxd_database *database, const char *device_class, nxd_each device, nxd_each error) {
    return guarded(error, [&] {
        std::string every_server("*"), name(device_class);
        return give_strings(database->tango->get_device_name(every_server, name), device);
    });
}

int32_t nxd_members(nxd_database *database, const char *device, nxd_each member, nxd_each error) {
    return guarded(error, [&] {
        std::string wildcard(device);
        return give_strings(database->tango->get_device_member(wildcard), member);
    });
}

int32_t nxd_property(nxd_database *database, const char *device, const char *property, nxd_each value,
                     nxd_each error) {
    return guarded(error, [&] {
        Tango::DbData asked;
        asked.push_back(Tango::DbDatum(property));
        database->tango->get_device_property(device, asked);
        const bool is_set = !asked[0].is_empty();
        give_strings(asked[0], value);
        return is_set ? 1 : 0;
    });
}

int32_t nxd_put_property(nxd_database *database, const char *device, const char *property,
                         const char *const *values, size_t count, nxd_each error) {
    return guarded(error, [&] {
        std::vector<std::string> texts(values, values + count);
        Tango::DbDatum datum(property);
        datum << texts;
        Tango::DbData data;
        data.push_back(datum);
        database->tango->put_device_property(device, data);
        return 0;
    });
}

int32_t nxd_add_device(nxd_database *database, const char *server, const char *device_class,
                       const char *device, nxd_each error) {
    return guarded(error, [&] {
        Tango::DbDevInfo device_info;
        device_info.name = device;
        device_info._class = device_class;
        device_info.server = server;
        database->tango->add_device(device_info);
        return 0;
    });
}
