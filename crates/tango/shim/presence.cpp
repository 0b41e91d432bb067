// What the database knows about who is there.
#include "device.hpp"

namespace {

struct Place {
  std::string name, ior;
};

// Of the device that administrates the server, which lives as long as the server.
Place admin;

Place place_of(Tango::DeviceImpl &device) {
  CORBA::String_var ior =
      Tango::Util::instance()->get_orb()->object_to_string(device.get_d_var().in());
  return Place{device.get_name(), ior.in()};
}

bool is_known(const std::string &device) {
  std::string name = device;
  return Tango::Util::instance()->get_database()->import_device(name).exported != 0;
}

// Whether the server has its devices, and will have them at the next moment.
bool is_settled() {
  Tango::Util *util = Tango::Util::instance();
  return !util->is_svr_starting() && !util->is_svr_shutting_down();
}

void export_again(const Place &place) {
  Tango::Util *util = Tango::Util::instance();
  Tango::DbDevExportInfo info;
  info.name = place.name;
  info.ior = place.ior;
  info.host = util->get_host_name();
  info.version = util->get_version_str();
  info.pid = util->get_pid();
  util->get_database()->export_device(info);
  // The server may have told it meanwhile that it ends.
  if (util->is_svr_shutting_down())
    util->get_database()->unexport_device(info.name);
}

} // namespace

void nxt::remember_admin() { admin = place_of(*Tango::Util::instance()->get_dserver_device()); }

int32_t nxt_recall(nxt_sink sink) {
  return nxt::guarded(sink, []() -> int32_t {
    if (!Tango::Util::_UseDb || Tango::Util::_FileDb || !is_settled() || is_known(admin.name))
      return 0;
    export_again(admin);
    int32_t count = 1;
    for (nxt_device number : nxt::all_devices()) {
      nxt::Pin pin(number);
      if (!pin.is_there() || !pin.device().get_exported_flag())
        continue;
      Place place = place_of(pin.device());
      if (!is_known(place.name)) {
        export_again(place);
        count++;
      }
    }
    return count;
  });
}
