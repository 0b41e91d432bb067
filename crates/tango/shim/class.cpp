// The classes of a server.
#include "device.hpp"

namespace {

class Class : public Tango::DeviceClass {
public:
  Class(std::string &class_name, uint32_t class_index)
      : Tango::DeviceClass(class_name), index(class_index) {
    set_type(class_name);
    for (size_t k = 0; k < definition().property_count; k++) {
      const nxt_property &property = definition().properties[k];
      std::string name = nxt::copy(property.name);
      std::string doc = nxt::copy(property.doc);
      std::string preset = nxt::copy(property.preset);
      add_wiz_dev_prop(name, doc, preset);
    }
  }

  void command_factory() override {
    for (size_t k = 0; k < definition().command_count; k++)
      command_list.push_back(nxt::new_command(k, definition().commands[k]));
  }

  void attribute_factory(std::vector<Tango::Attr *> &attributes) override {
    for (size_t k = 0; k < definition().attribute_count; k++)
      attributes.push_back(nxt::new_attribute(k, definition().attributes[k]));
  }

  void device_factory(const Tango::DevVarStringArray *names) override {
    for (CORBA::ULong k = 0; k < names->length(); k++) {
      const char *name = (*names)[k];
      auto *device = new nxt::Device(this, name, index);
      device_list.push_back(device);
      // Without a database, cppTango needs the name for the reference of the device.
      if (Tango::Util::_UseDb && !Tango::Util::_FileDb)
        export_device(device);
      else
        export_device(device, name);
    }
  }

private:
  uint32_t index;

  const nxt_class &definition() const { return nxt::server().classes[index]; }
};

} // namespace

void nxt::make_classes(Tango::DServer *admin) {
  guard_restarts(*admin);
  for (size_t k = 0; k < server().class_count; k++) {
    std::string name = copy(server().classes[k].name);
    admin->_add_class(new Class(name, k));
  }
}
