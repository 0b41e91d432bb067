// A Tango client that is quicker than the servers it measures.
//
//     device_client DEVICE THREADS SECONDS PAUSE REQUEST...
//
// Every thread has a proxy of its own and makes the requests in turn, PAUSE microseconds apart.
// A request is `command`, `command=argument` or `@attribute`; `#` is the number of the thread, from 1.
// Prints one line of JSON: calls, failures, seconds, and percentiles of the answer times in seconds.

#if __has_include(<tango/tango.h>)
#include <tango/tango.h>
#else
#include <tango.h>
#endif

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

using Clock = std::chrono::steady_clock;

struct Request {
    std::string name, argument;
    bool attribute = false, with_argument = false;
};

struct Outcome {
    std::vector<double> times;
    size_t failures = 0;
};

static Request parse(std::string text, int thread) {
    for (size_t at; (at = text.find('#')) != std::string::npos;)
        text.replace(at, 1, std::to_string(thread));
    Request request;
    if (text[0] == '@') {
        request.attribute = true;
        request.name = text.substr(1);
        return request;
    }
    size_t equals = text.find('=');
    request.name = text.substr(0, equals);
    request.with_argument = equals != std::string::npos;
    if (request.with_argument)
        request.argument = text.substr(equals + 1);
    return request;
}

static void ask(Tango::DeviceProxy &device, const Request &request) {
    if (request.attribute) {
        device.read_attribute(request.name.c_str());
    } else if (request.with_argument) {
        Tango::DeviceData argument;
        argument << request.argument.c_str();
        device.command_inout(request.name.c_str(), argument);
    } else {
        device.command_inout(request.name.c_str());
    }
}

static void work(const std::string &name, const std::vector<Request> &requests, double seconds,
                 std::chrono::microseconds pause, Outcome &outcome) {
    Tango::DeviceProxy device(name.c_str());
    device.ping();
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    for (size_t turn = 0; Clock::now() < end; turn++) {
        const auto begin = Clock::now();
        try {
            ask(device, requests[turn % requests.size()]);
        } catch (const CORBA::Exception &) {
            outcome.failures++;
        }
        outcome.times.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
        if (pause.count() > 0)
            std::this_thread::sleep_for(pause);
    }
}

int main(int count, char **words) {
    if (count < 6)
        return 2;
    const int threads = std::stoi(words[2]);
    const double seconds = std::stod(words[3]);
    const std::chrono::microseconds pause(std::stol(words[4]));
    std::vector<Outcome> outcomes(threads);
    std::vector<std::thread> workers;
    const auto begin = Clock::now();
    for (int thread = 0; thread < threads; thread++) {
        std::vector<Request> requests;
        for (int word = 5; word < count; word++)
            requests.push_back(parse(words[word], thread + 1));
        workers.emplace_back([=, &outcomes] { work(words[1], requests, seconds, pause, outcomes[thread]); });
    }
    for (auto &worker : workers)
        worker.join();
    const double took = std::chrono::duration<double>(Clock::now() - begin).count();
    std::vector<double> times;
    size_t failures = 0;
    for (const auto &outcome : outcomes) {
        times.insert(times.end(), outcome.times.begin(), outcome.times.end());
        failures += outcome.failures;
    }
    std::sort(times.begin(), times.end());
    const auto part = [&](double share) { return times[static_cast<size_t>(share * (times.size() - 1))]; };
    std::printf("{\"calls\": %zu, \"failures\": %zu, \"seconds\": %f, \"p50\": %f, \"p99\": %f, \"max\": %f}\n",
                times.size(), failures, took, part(0.5), part(0.99), times.back());
}
