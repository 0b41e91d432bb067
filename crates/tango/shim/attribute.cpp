// Attributes of the devices.
#include "device.hpp"

namespace {

template <class Element> void set_number(Tango::Attribute &attribute, int64_t number) {
  attribute.set_value(new Element(static_cast<Element>(number)), 1, 0, true);
}

// Tango takes over the buffer, which must not be null, even without elements.
template <class Element> Element *new_elements(size_t count) {
  return new Element[count ? count : 1];
}

void set_text(const nxt_attribute &definition, Tango::Attribute &attribute, const char *text) {
  // set_value frees it with delete if the attribute can be written, else with delete[].
  Tango::DevString *value = definition.writable ? new Tango::DevString : new Tango::DevString[1];
  *value = CORBA::string_dup(text);
  attribute.set_value(value, 1, 0, true);
}

void set_spectrum(const nxt_attribute &definition, Tango::Attribute &attribute, const nxt_reply &reply) {
  if (definition.type == NXT_STATE) {
    size_t count = std::min<size_t>(reply.numbers.size(), definition.spectrum);
    auto *states = new_elements<Tango::DevState>(count);
    for (size_t k = 0; k < count; k++)
      states[k] = static_cast<Tango::DevState>(reply.numbers[k]);
    attribute.set_value(states, count, 0, true);
  } else {
    size_t count = std::min<size_t>(reply.texts.size(), definition.spectrum);
    auto *texts = new_elements<Tango::DevString>(count);
    for (size_t k = 0; k < count; k++)
      texts[k] = CORBA::string_dup(reply.texts[k].c_str());
    attribute.set_value(texts, count, 0, true);
  }
}

template <class Element> int64_t written(Tango::WAttribute &attribute) {
  Element value;
  attribute.get_write_value(value);
  return value;
}

template <class Base> class Attribute : public Base {
public:
  template <class... Arguments>
  Attribute(uint32_t attribute_index, Arguments... arguments)
      : Base(arguments...), index(attribute_index) {}

  bool is_allowed(Tango::DeviceImpl *, Tango::AttReqType) override { return true; }

  void read(Tango::DeviceImpl *device, Tango::Attribute &attribute) override {
    auto *own = static_cast<nxt::Device *>(device);
    nxt_reply reply;
    nxt::server().callbacks.read(own->number(), index, &reply);
    reply.check();
    nxt::set_value(own->definition().attributes[index], attribute, reply);
  }

  void write(Tango::DeviceImpl *device, Tango::WAttribute &attribute) override {
    auto *own = static_cast<nxt::Device *>(device);
    nxt_argument argument{0, {nullptr, 0}};
    nxt_text text{nullptr, 0};
    switch (own->definition().attributes[index].type) {
    case NXT_BOOLEAN:
      argument.number = written<Tango::DevBoolean>(attribute);
      break;
    case NXT_LONG64:
      argument.number = written<Tango::DevLong64>(attribute);
      break;
    case NXT_STATE:
      argument.number = written<Tango::DevState>(attribute);
      break;
    case NXT_ENUM:
      argument.number = written<Tango::DevShort>(attribute);
      break;
    case NXT_TEXT: {
      Tango::DevString value = nullptr;
      attribute.get_write_value(value);
      text = nxt::view(value);
      argument.texts = nxt_texts{&text, 1};
      break;
    }
    default:
      break;
    }
    nxt_reply reply;
    nxt::server().callbacks.write(own->number(), index, &argument, &reply);
    reply.check();
  }

private:
  uint32_t index;
};

} // namespace

void nxt::set_value(const nxt_attribute &definition, Tango::Attribute &attribute,
                    const nxt_reply &reply) {
  if (definition.spectrum) {
    set_spectrum(definition, attribute, reply);
    return;
  }
  switch (definition.type) {
  case NXT_BOOLEAN:
    set_number<Tango::DevBoolean>(attribute, reply.number != 0);
    break;
  case NXT_LONG64:
    set_number<Tango::DevLong64>(attribute, reply.number);
    break;
  case NXT_STATE:
    set_number<Tango::DevState>(attribute, reply.number);
    break;
  case NXT_ENUM:
    set_number<Tango::DevShort>(attribute, reply.number);
    break;
  default:
    set_text(definition, attribute, reply.text());
    break;
  }
}

Tango::Attr *nxt::new_attribute(uint32_t index, const nxt_attribute &definition) {
  std::string text = copy(definition.name);
  const char *name = text.c_str();
  long type = definition.type;
  auto access = definition.writable ? Tango::READ_WRITE : Tango::READ;
  Tango::Attr *attribute;
  Tango::UserDefaultAttrProp configuration;
  std::vector<std::string> labels = copy(definition.labels);
  if (!labels.empty())
    configuration.set_enum_labels(labels);
  if (definition.spectrum)
    attribute = new Attribute<Tango::SpectrumAttr>(index, name, type, access,
                                                   static_cast<long>(definition.spectrum));
  else
    attribute = new Attribute<Tango::Attr>(index, name, type, access);
  attribute->set_default_properties(configuration);
  return attribute;
}
