// The Tango database.
#include "database.h"

#include <memory>

#include "shim.hpp"

struct nxt_database {
  std::unique_ptr<Tango::Database> tango;
};

namespace {

void add_texts(const nxt_sink &sink, Tango::DbDatum found) {
  if (found.is_empty())
    return;
  std::vector<std::string> texts;
  found >> texts;
  for (const std::string &text : texts)
    sink.add_text(sink.context, nxt::view(text));
}

} // namespace

int32_t nxt_database_open(const nxt_text *host, int32_t port, nxt_database **opened, nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    std::unique_ptr<nxt_database> database(new nxt_database);
    if (host) {
      std::string name = nxt::copy(*host);
      database->tango.reset(new Tango::Database(name, port));
    } else {
      database->tango.reset(new Tango::Database());
    }
    *opened = database.release();
    return 0;
  });
}

void nxt_database_close(nxt_database *database) {
  try {
    omni_thread::ensure_self identity;
    delete database;
  } catch (...) {
    // The connection is gone in any case.
  }
}

int32_t nxt_database_address(const nxt_database *database, nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    Tango::Database &tango = *database->tango;
    sink.add_text(sink.context, nxt::view(tango.get_db_host() + ":" + tango.get_db_port()));
    return 0;
  });
}

int32_t nxt_database_devices(const nxt_database *database, nxt_text device_class, nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    std::string every_server("*"), name = nxt::copy(device_class);
    add_texts(sink, database->tango->get_device_name(every_server, name));
    return 0;
  });
}

int32_t nxt_database_members(const nxt_database *database, nxt_text device, nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    std::string wildcard = nxt::copy(device);
    add_texts(sink, database->tango->get_device_member(wildcard));
    return 0;
  });
}

int32_t nxt_database_property(const nxt_database *database, nxt_text device, nxt_text property,
                              nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    Tango::DbData asked;
    asked.push_back(Tango::DbDatum(nxt::copy(property)));
    database->tango->get_device_property(nxt::copy(device), asked);
    add_texts(sink, asked[0]);
    return asked[0].is_empty() ? 0 : 1;
  });
}

int32_t nxt_database_put_property(const nxt_database *database, nxt_text device, nxt_text property,
                                  nxt_texts values, nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    std::vector<std::string> texts = nxt::copy(values);
    Tango::DbDatum datum(nxt::copy(property));
    datum << texts;
    Tango::DbData data;
    data.push_back(datum);
    database->tango->put_device_property(nxt::copy(device), data);
    return 0;
  });
}

int32_t nxt_database_add_device(const nxt_database *database, nxt_text server, nxt_text device_class,
                                nxt_text device, nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    Tango::DbDevInfo device_info;
    device_info.name = nxt::copy(device);
    device_info._class = nxt::copy(device_class);
    device_info.server = nxt::copy(server);
    database->tango->add_device(device_info);
    return 0;
  });
}

int32_t nxt_database_exported(const nxt_database *database, nxt_text device, nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    std::string name = nxt::copy(device);
    return database->tango->import_device(name).exported ? 1 : 0;
  });
}

int32_t nxt_device_state(nxt_text device, int32_t timeout, nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    std::string name = nxt::copy(device);
    Tango::DeviceProxy proxy(name);
    proxy.set_timeout_millis(timeout);
    return static_cast<int32_t>(proxy.state());
  });
}
