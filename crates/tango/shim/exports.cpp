// The exports of the server: what the database knows about running devices.
#include "device.hpp"

namespace {

struct Export {
  std::string name, ior;
};

// The export of the device of administration, which exists as long as the server.
Export admin;

Export export_of(Tango::DeviceImpl &device) {
  CORBA::String_var ior =
      Tango::Util::instance()->get_orb()->object_to_string(device.get_d_var().in());
  return Export{device.get_name(), ior.in()};
}

bool is_exported(const std::string &device) {
  std::string name = device;
  return Tango::Util::instance()->get_database()->import_device(name).exported != 0;
}

// Returns true if the server neither starts nor ends.
bool is_settled() {
  Tango::Util *util = Tango::Util::instance();
  return !util->is_svr_starting() && !util->is_svr_shutting_down();
}

void export_again(const Export &device_export) {
  Tango::Util *util = Tango::Util::instance();
  Tango::DbDevExportInfo info;
  info.name = device_export.name;
  info.ior = device_export.ior;
  info.host = util->get_host_name();
  info.version = util->get_version_str();
  info.pid = util->get_pid();
  util->get_database()->export_device(info);
  // The server may have ended meanwhile.
  if (util->is_svr_shutting_down())
    util->get_database()->unexport_device(info.name);
}

} // namespace

void nxt::store_admin_export() { admin = export_of(*Tango::Util::instance()->get_dserver_device()); }

int32_t nxt_restore_exports(nxt_sink sink) {
  return nxt::call_guarded(sink, []() -> int32_t {
    if (!Tango::Util::_UseDb || Tango::Util::_FileDb || !is_settled() || is_exported(admin.name))
      return 0;
    export_again(admin);
    int32_t count = 1;
    for (nxt_device number : nxt::all_devices()) {
      nxt::DevicePin pin(number);
      if (!pin.is_there() || !pin.device().get_exported_flag())
        continue;
      Export device_export = export_of(pin.device());
      if (!is_exported(device_export.name)) {
        export_again(device_export);
        count++;
      }
    }
    return count;
  });
}
