// GPUs as a driver has them: memory, streams, and work that waits.
//
// Work is done when streams and events permit, as late as can be or at once, in an order drawn from
// a seed: what nobody asked to wait for may or may not have happened. New memory is filled with
// nonsense, addresses are never given out twice, and a kernel that faults stops its GPU, as on
// hardware, with the reason on stderr.
#pragma once

#include <cstdio>
#include <functional>
#include <sys/mman.h>

#include "reader.hpp"

namespace emulator {

using ptx::u64;

enum Result {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    INVALID_PTX = 218,
    INVALID_HANDLE = 400,
    NOT_FOUND = 500,
    NOT_READY = 600,
    ILLEGAL_ADDRESS = 700,
};

struct Failed {
    Result result;
};

inline std::mt19937_64 randomness(0);
inline long refused_after = -1; // how many more allocations there are memory for; -1: no limit
inline bool streams_block = true, is_hasty = false;
inline std::string fault; // the last

// Keep what a kernel did that it must not, and say it.
inline void report(const ptx::Fault &found) {
    fault = found.what();
    std::fprintf(stderr, "CUDA emulator: %s\n", found.what());
}

// Something to do: with what must come before it, as long as that is not done.
struct Work {
    std::function<void()> run;
    std::vector<std::shared_ptr<Work>> after;
    bool is_done = false;
};

using Task = std::shared_ptr<Work>;

struct Stream {
    explicit Stream(struct Gpu *gpu, bool is_blocking = true)
        : gpu(gpu), is_blocking(is_blocking) {}

    struct Gpu *gpu;
    bool is_blocking; // whether it and the legacy default stream wait for each other
    bool is_gone = false;
    Task last;
    std::vector<Task> awaited; // by what comes next
};

struct Event {
    struct Gpu *gpu;
    Task recorded;
};

constexpr size_t GPUS = 2;
constexpr u64 SPACE = u64(1) << 36, MOST = u64(1) << 32, PAGE = 4096;

struct Gpu : ptx::Memory {
    char *base, *next;
    std::map<u64, u64> live; // allocations and their sizes
    u64 used = 0;
    Stream legacy;
    std::vector<std::unique_ptr<Stream>> streams;
    std::vector<Task> waiting;
    bool is_broken = false;

    Gpu() : legacy(this) {
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        base = next = static_cast<char *>(mmap(nullptr, SPACE, PROT_NONE, flags, -1, 0));
    }

    u64 end_of(u64 address, u64 &begin) const override {
        auto found = live.upper_bound(address);
        if (found == live.begin())
            return 0;
        --found;
        begin = found->first;
        return found->first + found->second;
    }

    char *memory(u64 address, u64 size) const {
        u64 begin = 0;
        if (address + size > end_of(address, begin))
            throw ptx::Fault("a copy reaches memory that is not there, or not any more");
        return reinterpret_cast<char *>(address);
    }

    u64 allocate(u64 size) {
        if (refused_after == 0 || used + size > MOST)
            throw Failed{OUT_OF_MEMORY};
        refused_after -= refused_after > 0;
        const u64 pages = (size + PAGE - 1) / PAGE * PAGE;
        if (next + pages + PAGE > base + SPACE || mprotect(next, pages, PROT_READ | PROT_WRITE))
            throw Failed{OUT_OF_MEMORY};
        char *address = next;
        std::memset(address, ptx::POISON, pages);
        next += pages + PAGE;
        used += size;
        live[u64(address)] = size;
        return u64(address);
    }

    void free(u64 address) {
        const auto found = live.find(address);
        if (found == live.end())
            throw Failed{INVALID_VALUE};
        finish(waiting);
        used -= found->second;
        const u64 pages = (found->second + PAGE - 1) / PAGE * PAGE;
        madvise(reinterpret_cast<void *>(address), pages, MADV_DONTNEED);
        mprotect(reinterpret_cast<void *>(address), pages, PROT_NONE);
        live.erase(found);
    }

    // Put work in a stream.
    Task add(Stream &stream, std::function<void()> run) {
        auto task = std::make_shared<Work>(Work{std::move(run), std::move(stream.awaited)});
        stream.awaited.clear();
        auto wait = [&](const Task &other) {
            if (other && !other->is_done)
                task->after.push_back(other);
        };
        wait(stream.last);
        if (&stream == &legacy) {
            for (const auto &other : streams)
                if (other->is_blocking)
                    wait(other->last);
        } else if (stream.is_blocking) {
            wait(legacy.last);
        }
        stream.last = task;
        waiting.push_back(task);
        if (is_hasty && randomness() % 2)
            finish({task});
        return task;
    }

    // Do what these wait for, and them, and nothing else.
    void finish(const std::vector<Task> &wanted) {
        std::vector<Task> all;
        std::set<Work *> known;
        std::vector<Task> open = wanted;
        while (!open.empty()) {
            const Task task = open.back();
            open.pop_back();
            if (!task || task->is_done || !known.insert(task.get()).second)
                continue;
            all.push_back(task);
            open.insert(open.end(), task->after.begin(), task->after.end());
        }
        while (!all.empty()) {
            size_t k = randomness() % all.size();
            while (!std::ranges::all_of(all[k]->after, [](const Task &t) { return t->is_done; }))
                k = (k + 1) % all.size();
            carry_out(*all[k]);
            all.erase(all.begin() + long(k));
        }
        std::erase_if(waiting, [](const Task &task) { return task->is_done; });
        if (is_broken)
            throw Failed{ILLEGAL_ADDRESS};
    }

    void carry_out(Work &work) {
        try {
            if (!is_broken)
                work.run();
        } catch (const ptx::Fault &found) {
            report(found);
            is_broken = true;
        }
        work.is_done = true;
        work.run = nullptr;
        work.after.clear();
    }
};

} // namespace emulator
