#include "device.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <stdexcept>

namespace {

struct Entry {
  nxt::Device *device;
  int pins;
};

// Held for look-ups, never while this thread waits for Tango.
std::mutex devices_lock;
std::condition_variable unpinned;
std::map<nxt_device, Entry> devices;
nxt_device last_number = 0;

// The attributes that had listeners when the last device of each name was destroyed.
std::map<std::string, std::vector<std::string>> last_listened;

std::vector<std::string> listened(nxt::Device &device) {
  std::vector<std::string> names;
  for (Tango::Attribute *attribute : device.get_device_attr()->get_attribute_list())
    if (attribute->change_event_subscribed())
      names.push_back(attribute->get_name());
  return names;
}

} // namespace

namespace nxt {

Device::Device(Tango::DeviceClass *device_class, const char *name, uint32_t index)
    : TANGO_BASE_CLASS(device_class, name), class_index(index) {
  // Events are pushed, without criteria and without polling.
  for (const char *always : {"State", "Status"})
    set_change_event(always, true, false);
  for (size_t k = 0; k < definition().attribute_count; k++)
    set_change_event(copy(definition().attributes[k].name), true, false);
  {
    std::lock_guard<std::mutex> guard(devices_lock);
    former_listened = last_listened[get_name_lower()];
    // If a client waits for the last device of this name, that is destroyed later.
    for (const auto &entry : devices)
      if (entry.second.device->get_name_lower() == get_name_lower())
        former_listened = listened(*entry.second.device);
    own_number = ++last_number;
    devices[own_number] = Entry{this, 0};
  }
  note_created_device();
  server().callbacks.create(class_index, own_number, view(get_name()));
}

Device::~Device() {
  server().callbacks.remove(own_number);
  std::unique_lock<std::mutex> guard(devices_lock);
  unpinned.wait(guard, [this] { return devices[own_number].pins == 0; });
  last_listened[get_name_lower()] = listened(*this);
  devices.erase(own_number);
}

bool Device::has_its_listeners() {
  for (const std::string &name : former_listened)
    if (!get_device_attr()->get_attr_by_name(name.c_str()).change_event_subscribed())
      return false;
  return true;
}

void Device::init_device() {
  nxt_reply reply;
  server().callbacks.init(own_number, &reply);
  reply.check();
}

Tango::DevState Device::dev_state() {
  nxt_reply reply;
  server().callbacks.state(own_number, &reply);
  reply.check();
  return static_cast<Tango::DevState>(reply.number);
}

Tango::ConstDevString Device::dev_status() {
  // The caller copies the text before this thread calls this again.
  static thread_local std::string status;
  nxt_reply reply;
  server().callbacks.status(own_number, &reply);
  reply.check();
  status = reply.text();
  return status.c_str();
}

std::vector<nxt_device> all_devices() {
  std::lock_guard<std::mutex> guard(devices_lock);
  std::vector<nxt_device> numbers;
  for (const auto &entry : devices)
    numbers.push_back(entry.first);
  return numbers;
}

DevicePin::DevicePin(nxt_device device) : number(device), found(nullptr) {
  std::lock_guard<std::mutex> guard(devices_lock);
  auto entry = devices.find(number);
  if (entry != devices.end()) {
    entry->second.pins++;
    found = entry->second.device;
  }
}

DevicePin::~DevicePin() {
  if (!found)
    return;
  std::lock_guard<std::mutex> guard(devices_lock);
  if (--devices[number].pins == 0)
    unpinned.notify_all();
}

Device &DevicePin::device() const {
  if (!found)
    throw std::runtime_error("the device is gone");
  return *found;
}

} // namespace nxt
