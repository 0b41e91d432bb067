// A Tango client that is quicker than the servers it measures.
//
//     device_client DEVICE THREADS SECONDS PAUSE REQUEST...
//
// Every thread has a proxy of its own and makes the requests in turn, PAUSE microseconds apart.
// A request is `command`, `command=argument` or `@attribute`; `#` is the number of the thread, from 1.
// Prints one line of JSON: calls, failures, seconds, percentiles of the answer times in seconds, how many were
// `late` (more than LATE), the slowest answer (what was asked, and when), and `wake`: by how much at most the
// machine was late to wake a thread that asks nothing.

#if __has_include(<tango/tango.h>)
#include <tango/tango.h>
#else
#include <tango.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

using Clock = std::chrono::steady_clock;

static const double LATE = 0.05;
static const std::chrono::milliseconds NAP(5);

struct Request {
    std::string name, argument;
    bool attribute = false, with_argument = false;
};

struct Outcome {
    std::vector<double> times;
    size_t failures = 0;
    double slowest = 0, slowest_at = 0;
    std::string slowest_request;
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

static double since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

static void work(const std::string &name, const std::vector<Request> &requests, double seconds,
                 std::chrono::microseconds pause, Outcome &outcome) {
    Tango::DeviceProxy device(name.c_str());
    device.ping();
    const auto start = Clock::now();
    const auto end = start + std::chrono::duration<double>(seconds);
    for (size_t turn = 0; Clock::now() < end; turn++) {
        const Request &request = requests[turn % requests.size()];
        const auto begin = Clock::now();
        try {
            ask(device, request);
        } catch (const CORBA::Exception &) {
            outcome.failures++;
        }
        outcome.times.push_back(since(begin));
        if (outcome.times.back() > outcome.slowest) {
            outcome.slowest = outcome.times.back();
            outcome.slowest_at = since(start);
            outcome.slowest_request = request.name;
        }
        if (pause.count() > 0)
            std::this_thread::sleep_for(pause);
    }
}

static double watch(const std::atomic<bool> &over) {
    double worst = 0;
    while (!over) {
        const auto begin = Clock::now();
        std::this_thread::sleep_for(NAP);
        worst = std::max(worst, since(begin + NAP));
    }
    return worst;
}

int main(int count, char **words) {
    if (count < 6)
        return 2;
    const int threads = std::stoi(words[2]);
    const double seconds = std::stod(words[3]);
    const std::chrono::microseconds pause(std::stol(words[4]));
    std::vector<Outcome> outcomes(threads);
    std::vector<std::thread> workers;
    std::atomic<bool> over(false);
    double wake = 0;
    std::thread watcher([&] { wake = watch(over); });
    const auto begin = Clock::now();
    for (int thread = 0; thread < threads; thread++) {
        std::vector<Request> requests;
        for (int word = 5; word < count; word++)
            requests.push_back(parse(words[word], thread + 1));
        workers.emplace_back([=, &outcomes] { work(words[1], requests, seconds, pause, outcomes[thread]); });
    }
    for (auto &worker : workers)
        worker.join();
    const double took = since(begin);
    over = true;
    watcher.join();
    std::vector<double> times;
    size_t failures = 0;
    const Outcome *slowest = &outcomes[0];
    for (const auto &outcome : outcomes) {
        if (outcome.slowest > slowest->slowest)
            slowest = &outcome;
        times.insert(times.end(), outcome.times.begin(), outcome.times.end());
        failures += outcome.failures;
    }
    std::sort(times.begin(), times.end());
    const auto late = times.end() - std::upper_bound(times.begin(), times.end(), LATE);
    const auto part = [&](double share) { return times[static_cast<size_t>(share * (times.size() - 1))]; };
    std::printf("{\"calls\": %zu, \"failures\": %zu, \"seconds\": %f, \"p50\": %f, \"p99\": %f, \"max\": %f, "
                "\"late\": %td, \"wake\": %f, \"slowest\": {\"request\": \"%s\", \"at\": %f}}\n",
                times.size(), failures, took, part(0.5), part(0.99), times.back(), late, wake,
                slowest->slowest_request.c_str(), slowest->slowest_at);
}
