// The device that administrates the server, where the server must not end.
#include "shim.hpp"

#include <chrono>
#include <mutex>

// `RestartServer` starts a thread of cppTango that makes all devices again. Nothing tells when it has
// begun and when it is done, and the process crashes if the server ends meanwhile.
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// What that thread does after the last device takes milliseconds.
const milliseconds AFTERWARDS(500);
// Devices that the database does not know any more are not made.
const milliseconds AT_MOST(10000);

std::mutex guard;
int commands = 0;
Clock::time_point told, made;
bool ending = false;

bool is_restarting() {
  if (commands > 0)
    return true;
  if (told == Clock::time_point())
    return false;
  Clock::time_point now = Clock::now();
  return made < told ? now - told < AT_MOST : now - made < AFTERWARDS;
}

// A command at work.
struct Work {
  Work() {
    std::lock_guard<std::mutex> locked(guard);
    if (ending)
      Tango::Except::throw_exception("API_ShutdownInProgress", "The device server ends", "nxt::Restart");
    commands++;
    told = Clock::now();
  }
  ~Work() {
    std::lock_guard<std::mutex> locked(guard);
    commands--;
  }
};

// Stands before a command.
class Restart : public Tango::Command {
public:
  explicit Restart(Tango::Command &real)
      : Tango::Command(real.get_name().c_str(), real.get_in_type(), real.get_out_type(),
                       real.get_in_type_desc().c_str(), real.get_out_type_desc().c_str(),
                       real.get_disp_level()),
        command(real) {}

  CORBA::Any *execute(Tango::DeviceImpl *device, const CORBA::Any &any) override {
    Work work;
    return command.execute(device, any);
  }

  bool is_allowed(Tango::DeviceImpl *device, const CORBA::Any &any) override {
    return command.is_allowed(device, any);
  }

private:
  Tango::Command &command;
};

} // namespace

void nxt::watch_restarts(Tango::DServer &server) {
  // The class of this device outlives all restarts.
  static bool watched = false;
  if (watched)
    return;
  watched = true;
  for (Tango::Command *&command : server.get_device_class()->get_command_list())
    if (command->get_name() == "RestartServer")
      command = new Restart(*command);
}

void nxt::note_device() {
  std::lock_guard<std::mutex> locked(guard);
  made = Clock::now();
}

bool nxt::begin_end() {
  std::lock_guard<std::mutex> locked(guard);
  if (is_restarting())
    return false;
  ending = true;
  return true;
}
