// PTX on the CPU: one instruction after another, as NVIDIA's PTX ISA says, with every access
// checked.
//
// Lanes (threads) take turns after any instruction, in an order drawn from a seed. A fault is
// thrown for what hardware may let pass: memory that is not there or not in the space an
// instruction names, lanes at different barriers, and lanes that meet in shared memory without a
// barrier between them.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace ptx {

using i8 = int8_t;
using i16 = int16_t;
using i32 = int32_t;
using i64 = int64_t;
using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using f16 = _Float16;
using f32 = float;
using f64 = double;

struct Fault : std::runtime_error {
    using std::runtime_error::runtime_error;
};

constexpr unsigned char POISON = 0xA5; // what new memory and registers hold

// The memory of one GPU. Addresses are the host's, and never given out twice.
class Memory {
public:
    virtual ~Memory() = default;
    // Return the first address after the live allocation that holds an address, 0 if none does.
    virtual u64 end_of(u64 address, u64 &begin) const = 0;
};

// Who came to a word of shared memory since the last barrier.
struct Visits {
    static constexpr int NOBODY = -1, SEVERAL = -2;
    u64 since = 0;
    int read = NOBODY, written = NOBODY, added = NOBODY;
};

enum class Space { generic, global, shared, local, param };
enum class Access { read, write, atomic };

struct Lane;
struct Instruction;
using Step = void (*)(Lane &, const Instruction &);

struct Function;

struct Instruction {
    Step step = nullptr;
    int guard = -1;      // the slot of a predicate, or -1
    bool unless = false; // whether the predicate is to be false
    Space space = Space::generic;
    i64 offset = 0;         // of an address; of a branch, where to
    std::vector<int> slots; // results first, then operands
    const Function *callee = nullptr;
    int line = 0;
    int results = 1; // of a call or a load, how many
};

// A name whose value differs from lane to lane or from team to team.
struct Symbol {
    enum Kind { shared, local, parameter, result, special } kind;
    int slot;
    u64 offset;
};

struct Function {
    std::string name;
    std::vector<Instruction> code;
    std::vector<std::pair<int, u64>> constants; // slots with the same value for everyone
    std::vector<Symbol> symbols;
    int slots = 0;
    u64 local = 0; // bytes of local memory, and of parameters of what it calls
    std::vector<std::pair<u64, u64>> parameters; // where each begins, and its bytes
    u64 parameter_bytes = 0;
};

struct Module {
    std::map<std::string, Function> functions;
    std::map<std::string, std::pair<u64, u64>> globals; // address and size
    std::vector<std::unique_ptr<char[]>> kept;
    u64 shared = 0;
    std::vector<std::string> lines;
};

struct Frame {
    const Function *function;
    size_t at = 0;
    std::unique_ptr<u64[]> slots;
    std::unique_ptr<char[]> local;
};

struct Team;

struct Lane {
    Team *team;
    u32 number;
    std::vector<Frame> frames;
    bool waits = false;
    u64 seen = 0, seen_end = 0; // the allocation that was accessed last

    Frame &top() { return frames.back(); }

    template <class T> T get(int slot) {
        T value;
        std::memcpy(&value, &top().slots[slot], sizeof value);
        return value;
    }

    // Signed integers are kept with their sign in all 64 bits, all else with zeros.
    template <class T> void set(int slot, T value) {
        if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
            top().slots[slot] = u64(i64(value));
        } else {
            u64 bits = 0;
            std::memcpy(&bits, &value, sizeof value);
            top().slots[slot] = bits;
        }
    }

    void enter(const Function &, const std::vector<u64> &parameters,
               const std::vector<u64> &results);
    char *memory(const Instruction &, u64 address, u64 size, Access);
};

struct Grid {
    const Module *module;
    const Function *kernel;
    const Memory *memory;
    u32 teams, lanes;
    std::vector<char> parameters;
};

struct Team {
    const Grid *grid;
    u32 number;
    std::vector<Lane> lanes;
    std::vector<char> shared;
    std::vector<Visits> visits;
    u64 barriers = 1;
    size_t running;

    Team(const Grid &grid, u32 number)
        : grid(&grid), number(number), lanes(grid.lanes), shared(grid.module->shared, char(POISON)),
          visits(shared.size() / 8 + 1), running(grid.lanes) {
        std::vector<u64> parameters;
        for (auto [begin, bytes] : grid.kernel->parameters)
            parameters.push_back(u64(grid.parameters.data()) + begin);
        for (u32 k = 0; k < grid.lanes; k++) {
            lanes[k].team = this;
            lanes[k].number = k;
            lanes[k].enter(*grid.kernel, parameters, {});
        }
    }

    // Note that a lane comes to shared memory, and refuse what depends on which lane came first.
    void visit(u32 lane, u64 offset, u64 size, Access access) {
        for (u64 word = offset / 8; word <= (offset + size - 1) / 8; word++) {
            Visits &all = visits[word];
            if (all.since != barriers)
                all = {barriers};
            auto other = [&](int who) { return who != Visits::NOBODY && who != int(lane); };
            if (other(all.written) || (access != Access::read && other(all.read)) ||
                (access != Access::atomic && other(all.added)))
                throw Fault("lanes meet in shared memory without a barrier between them");
            int &mine = access == Access::read    ? all.read
                        : access == Access::write ? all.written
                                                  : all.added;
            mine = other(mine) ? Visits::SEVERAL : int(lane);
        }
    }

    // Let the lanes go on that wait for each other, once all have come.
    void meet() {
        size_t waiting = 0;
        const Lane *first = nullptr;
        for (const Lane &lane : lanes) {
            if (!lane.waits)
                continue;
            first = first ? first : &lane;
            waiting++;
            if (lane.frames.back().at != first->frames.back().at)
                throw Fault("lanes of a team wait at different barriers");
        }
        if (waiting < lanes.size())
            throw Fault("lanes wait at a barrier that others never reach");
        for (Lane &lane : lanes)
            lane.waits = false;
        running = lanes.size();
        barriers++;
    }
};

inline void Lane::enter(const Function &function, const std::vector<u64> &parameters,
                        const std::vector<u64> &results) {
    Frame frame{&function, 0, std::make_unique_for_overwrite<u64[]>(function.slots),
                std::make_unique_for_overwrite<char[]>(function.local + 1)};
    std::memset(frame.slots.get(), POISON, function.slots * sizeof(u64));
    std::memset(frame.local.get(), POISON, function.local);
    for (auto [slot, value] : function.constants)
        frame.slots[slot] = value;
    const Grid &grid = *team->grid;
    const u64 specials[] = {number, grid.lanes, team->number, grid.teams};
    for (const Symbol &symbol : function.symbols) {
        u64 &value = frame.slots[symbol.slot];
        switch (symbol.kind) {
        case Symbol::shared:
            value = u64(team->shared.data()) + symbol.offset;
            break;
        case Symbol::local:
            value = u64(frame.local.get()) + symbol.offset;
            break;
        case Symbol::parameter:
            value = parameters.at(symbol.offset);
            break;
        case Symbol::result:
            value = results.at(symbol.offset);
            break;
        case Symbol::special:
            value = specials[symbol.offset];
            break;
        }
    }
    frames.push_back(std::move(frame));
}

// Return the memory an instruction accesses, if it may.
inline char *Lane::memory(const Instruction &instruction, u64 address, u64 size, Access access) {
    const Space space = instruction.space;
    auto inside = [&](const void *begin, u64 bytes) {
        return address >= u64(begin) && address + size <= u64(begin) + bytes;
    };
    if (address % size)
        throw Fault("an address is not a multiple of the size that is accessed");
    if (space == Space::param)
        return reinterpret_cast<char *>(address); // the reader's own
    if (space == Space::shared || space == Space::generic)
        if (inside(team->shared.data(), team->shared.size())) {
            team->visit(number, address - u64(team->shared.data()), size, access);
            return reinterpret_cast<char *>(address);
        }
    if (space == Space::local || space == Space::generic)
        for (const Frame &frame : frames)
            if (inside(frame.local.get(), frame.function->local))
                return reinterpret_cast<char *>(address);
    if (space == Space::global || space == Space::generic) {
        if (address < seen || address + size > seen_end)
            seen_end = team->grid->memory->end_of(address, seen);
        if (address >= seen && address + size <= seen_end)
            return reinterpret_cast<char *>(address);
        for (const auto &[name, place] : team->grid->module->globals)
            if (inside(reinterpret_cast<void *>(place.first), place.second))
                return reinterpret_cast<char *>(address);
    }
    throw Fault("there is no such memory, or none any more");
}

constexpr size_t RESIDENT = 3; // teams that run at a time

// Run a lane for some instructions, or until it waits or ends.
inline void run(Lane &lane, u64 turns) {
    while (turns-- && !lane.waits && !lane.frames.empty()) {
        Frame &frame = lane.top();
        const Instruction &instruction = frame.function->code[frame.at++];
        if (instruction.guard >= 0 && lane.get<bool>(instruction.guard) == instruction.unless)
            continue;
        try {
            instruction.step(lane, instruction);
        } catch (const Fault &fault) {
            std::ostringstream said;
            said << fault.what() << "\n  lane " << lane.number << " of team " << lane.team->number
                 << ", line " << instruction.line << ": "
                 << lane.team->grid->module->lines[std::max(instruction.line - 1, 0)];
            throw Fault(said.str());
        }
    }
}

// Run all teams of a grid.
inline void run(const Grid &grid, std::mt19937_64 &random) {
    std::vector<std::unique_ptr<Team>> teams;
    u32 next = 0;
    while (next < grid.teams || !teams.empty()) {
        while (next < grid.teams && teams.size() < RESIDENT)
            teams.push_back(std::make_unique<Team>(grid, next++));
        const size_t chosen = random() % teams.size();
        Team &team = *teams[chosen];
        if (!team.running) {
            if (std::ranges::all_of(team.lanes, [](Lane &lane) { return lane.frames.empty(); })) {
                teams.erase(teams.begin() + long(chosen));
                continue;
            }
            team.meet();
        }
        size_t k = random() % team.lanes.size();
        while (team.lanes[k].waits || team.lanes[k].frames.empty())
            k = (k + 1) % team.lanes.size();
        run(team.lanes[k], u64(1) << random() % 12);
    }
}

} // namespace ptx
