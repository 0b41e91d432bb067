// The server, and the properties of its devices.
#include <chrono>
#include <stdexcept>
#include <thread>

#include "device.hpp"

static const nxt_server *description = nullptr;

const nxt_server &nxt::server() { return *description; }

static void check_interface(const nxt_server &server) {
  if (server.interface != NXT_INTERFACE || server.size != sizeof(nxt_server) ||
      server.class_size != sizeof(nxt_class) || server.command_size != sizeof(nxt_command) ||
      server.attribute_size != sizeof(nxt_attribute) ||
      server.property_size != sizeof(nxt_property) ||
      server.callbacks_size != sizeof(nxt_callbacks))
    throw std::logic_error("the parts in Rust and C++ are not of the same version");
}

static void end() { Tango::Util::instance()->get_dserver_device()->kill(); }

// The thread that ends the server still cleans up after the end of its loop, until the logger is gone. The
// process must not end before, because that thread uses what the end destroys. It takes milliseconds; a
// second is too long.
static void wait_for_cleanup() {
  for (int k = 0; k < 1000 && Tango::Logging::get_core_logger(); k++)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

static void serve(std::vector<std::string> arguments) {
  const nxt_server &server = nxt::server();
  int argc = static_cast<int>(arguments.size());
  std::vector<char *> argv;
  for (std::string &argument : arguments)
    argv.push_back(&argument[0]);
  argv.push_back(nullptr);
  if (server.wait_for_database > 0) {
    Tango::Util::_daemon = true;
    Tango::Util::_sleep_between_connect = server.wait_for_database;
  }
  Tango::Util *util = nxt::init_tango(argc, argv.data());
  if (server.callbacks.connected() != 0)
    return;
  util->set_server_version(nxt::copy(server.version).c_str());
  // A call that takes long must not delay clients that ask for the state.
  util->set_serial_model(Tango::NO_SYNC);
  nxt::listen_to_core_logger();
  Tango::DServer::register_class_factory(nxt::make_classes);
  util->server_init(false);
  nxt::store_admin_export();
  if (server.callbacks.serving() != 0)
    end();
  try {
    util->server_run();
  } catch (const CORBA::BAD_INV_ORDER &) {
    // The server was ended before it could run.
  }
  wait_for_cleanup();
}

int32_t nxt_run(const nxt_server *server, nxt_texts arguments, nxt_sink sink) {
  return nxt::call_guarded(sink, [=] {
    check_interface(*server);
    description = server;
    serve(nxt::copy(arguments));
    return 0;
  });
}

int32_t nxt_end(nxt_sink sink) {
  return nxt::call_guarded(sink, [] {
    Tango::Util *util = Tango::Util::instance();
    if (util->is_svr_starting() || !nxt::begin_shutdown())
      return 1;
    if (!util->is_svr_shutting_down())
      end();
    return 0;
  });
}

int32_t nxt_property_get(nxt_device number, nxt_text name, nxt_sink sink) {
  return nxt::call_guarded(sink, [=]() -> int32_t {
    if (!Tango::Util::_UseDb)
      return 0;
    nxt::DevicePin pin(number);
    std::string property = nxt::copy(name);
    Tango::DbData data{Tango::DbDatum(property)};
    pin.device().get_db_device()->get_property(data);
    if (data[0].is_empty())
      return 0;
    std::vector<std::string> values;
    data[0] >> values;
    for (const std::string &value : values)
      sink.add_text(sink.context, nxt::view(value));
    return 1;
  });
}
