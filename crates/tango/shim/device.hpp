// Devices, and how they are found by their numbers.
#ifndef NXT_DEVICE_HPP
#define NXT_DEVICE_HPP

#include "shim.hpp"

namespace nxt {

class Device : public TANGO_BASE_CLASS {
public:
  Device(Tango::DeviceClass *device_class, const char *name, uint32_t class_index);
  ~Device() override;

  nxt_device number() const { return own_number; }
  const nxt_class &definition() const { return server().classes[class_index]; }

  // The command Init. cppTango deletes a device before it initialises it again. Our devices may refuse Init,
  // so only the destructor removes them.
  void init_device() override;
  void delete_device() override {}

  // Many threads call these at once, so they store nothing in the device.
  Tango::DevState dev_state() override;
  Tango::ConstDevString dev_status() override;

  // Returns true if all attributes have listeners again that had some in the last device of this name.
  bool has_its_listeners();

private:
  nxt_device own_number;
  uint32_t class_index;
  std::vector<std::string> former_listened;
};

// Finds a device, and prevents that it is destroyed as long as the pin exists. Meanwhile, the thread may wait
// for Tango, but not for a callback.
class DevicePin {
public:
  explicit DevicePin(nxt_device);
  ~DevicePin();
  DevicePin(const DevicePin &) = delete;
  DevicePin &operator=(const DevicePin &) = delete;
  bool is_there() const { return found != nullptr; }
  // Throws if the device does not exist, or no longer.
  Device &device() const;

private:
  nxt_device number;
  Device *found;
};

// Returns all devices that exist at this moment.
std::vector<nxt_device> all_devices();

// Sets an attribute to the value of a reply.
void set_value(const nxt_attribute &, Tango::Attribute &, const nxt_reply &);

// Create the commands and attributes of a class.
Tango::Command *new_command(uint32_t index, const nxt_command &);
Tango::Attr *new_attribute(uint32_t index, const nxt_attribute &);

} // namespace nxt
#endif
