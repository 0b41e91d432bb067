// Keeps the server from ending while cppTango creates its devices again.
#include "shim.hpp"

#include <chrono>
#include <mutex>

// `RestartServer` starts a thread of cppTango that creates all devices again. cppTango does not report when
// the thread begins and ends, and the process crashes if the server ends meanwhile.
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// After the last device, that thread works for some milliseconds.
const milliseconds SETTLE_TIME(500);
// Devices that the database no longer knows are never created.
const milliseconds MAX_RESTART_TIME(10000);

std::mutex guard;
int running_commands = 0;
Clock::time_point commanded, last_created;
bool ending = false;

bool is_restarting() {
  if (running_commands > 0)
    return true;
  if (commanded == Clock::time_point())
    return false;
  Clock::time_point now = Clock::now();
  return last_created < commanded ? now - commanded < MAX_RESTART_TIME : now - last_created < SETTLE_TIME;
}

// Counts a command as running, as long as it exists.
struct RestartInProgress {
  RestartInProgress() {
    std::lock_guard<std::mutex> locked(guard);
    if (ending)
      Tango::Except::throw_exception("API_ShutdownInProgress", "The device server ends", "nxt::Restart");
    running_commands++;
    commanded = Clock::now();
  }
  ~RestartInProgress() {
    std::lock_guard<std::mutex> locked(guard);
    running_commands--;
  }
};

// Replaces a command, and counts its executions.
class GuardedRestart : public Tango::Command {
public:
  explicit GuardedRestart(Tango::Command &real)
      : Tango::Command(real.get_name().c_str(), real.get_in_type(), real.get_out_type(),
                       real.get_in_type_desc().c_str(), real.get_out_type_desc().c_str(),
                       real.get_disp_level()),
        command(real) {}

  CORBA::Any *execute(Tango::DeviceImpl *device, const CORBA::Any &any) override {
    RestartInProgress in_progress;
    return command.execute(device, any);
  }

  bool is_allowed(Tango::DeviceImpl *device, const CORBA::Any &any) override {
    return command.is_allowed(device, any);
  }

private:
  Tango::Command &command;
};

} // namespace

void nxt::guard_restarts(Tango::DServer &server) {
  // The class of this device outlives all restarts.
  static bool is_guarded = false;
  if (is_guarded)
    return;
  is_guarded = true;
  for (Tango::Command *&command : server.get_device_class()->get_command_list())
    if (command->get_name() == "RestartServer")
      command = new GuardedRestart(*command);
}

void nxt::note_created_device() {
  std::lock_guard<std::mutex> locked(guard);
  last_created = Clock::now();
}

bool nxt::begin_shutdown() {
  std::lock_guard<std::mutex> locked(guard);
  if (is_restarting())
    return false;
  ending = true;
  return true;
}
