// What each instruction of PTX does, by its name and types. What numba's kernels do not use is not
// here.
#pragma once

#include "machine.hpp"

namespace ptx {

template <class T, auto F> void unary(Lane &lane, const Instruction &i) {
    lane.set<T>(i.slots[0], F(lane.get<T>(i.slots[1])));
}

template <class T, auto F> void binary(Lane &lane, const Instruction &i) {
    lane.set<T>(i.slots[0], F(lane.get<T>(i.slots[1]), lane.get<T>(i.slots[2])));
}

template <class T, auto F> void ternary(Lane &lane, const Instruction &i) {
    lane.set<T>(i.slots[0],
                F(lane.get<T>(i.slots[1]), lane.get<T>(i.slots[2]), lane.get<T>(i.slots[3])));
}

template <class T, auto F> void compare(Lane &lane, const Instruction &i) {
    lane.set<u64>(i.slots[0], F(lane.get<T>(i.slots[1]), lane.get<T>(i.slots[2])));
}

// The second operand is a count: bits beyond the width are shifted out.
template <class T, auto F> void shift(Lane &lane, const Instruction &i) {
    lane.set<T>(i.slots[0], F(lane.get<T>(i.slots[1]), lane.get<u32>(i.slots[2])));
}

template <class T> void select(Lane &lane, const Instruction &i) {
    lane.set<T>(i.slots[0], lane.get<T>(i.slots[lane.get<bool>(i.slots[3]) ? 1 : 2]));
}

template <class T, class Wide, auto F> void widened(Lane &lane, const Instruction &i) {
    lane.set<Wide>(i.slots[0], F(lane.get<T>(i.slots[1]), lane.get<T>(i.slots[2])));
}

template <class T> T round_to_integer(T x, char mode) {
    switch (mode) {
    case 'n':
        return std::nearbyint(x);
    case 'z':
        return std::trunc(x);
    case 'm':
        return std::floor(x);
    default:
        return std::ceil(x);
    }
}

template <class To, class From, char Mode> void convert(Lane &lane, const Instruction &i) {
    const From x = lane.get<From>(i.slots[1]);
    constexpr bool from_float = !std::is_integral_v<From>, to_float = !std::is_integral_v<To>;
    if constexpr (from_float && !to_float) {
        using Limits = std::numeric_limits<To>;
        const f64 whole = round_to_integer(f64(x), Mode);
        To value;
        if (std::isnan(whole)) // as the PTX ISA has it
            value =
                sizeof(From) == 8 || sizeof(To) == 8 ? To(u64(1) << (8 * sizeof(To) - 1)) : To(0);
        else if (whole < f64(Limits::min()))
            value = Limits::min();
        else if (whole >= std::ldexp(1.0, Limits::digits))
            value = Limits::max();
        else
            value = To(whole);
        lane.set<To>(i.slots[0], value);
    } else if constexpr (from_float && Mode != ' ' && sizeof(To) == sizeof(From)) {
        lane.set<To>(i.slots[0], To(round_to_integer(f64(x), Mode)));
    } else {
        lane.set<To>(i.slots[0], To(x));
    }
}

template <class T> void load(Lane &lane, const Instruction &i) {
    const u64 address = lane.get<u64>(i.slots[i.results]) + i.offset;
    char *memory = lane.memory(i, address, sizeof(T) * i.results, Access::read);
    for (int k = 0; k < i.results; k++) {
        T value;
        std::memcpy(&value, memory + k * sizeof value, sizeof value);
        lane.set<T>(i.slots[k], value);
    }
}

template <class T> void store(Lane &lane, const Instruction &i) {
    const size_t count = i.slots.size() - 1;
    const u64 address = lane.get<u64>(i.slots[0]) + i.offset;
    char *memory = lane.memory(i, address, sizeof(T) * count, Access::write);
    for (size_t k = 0; k < count; k++) {
        const T value = lane.get<T>(i.slots[k + 1]);
        std::memcpy(memory + k * sizeof value, &value, sizeof value);
    }
}

// Lanes take turns between instructions alone, so that each of these is one step.
template <class T, auto F, bool Returns> void atomic(Lane &lane, const Instruction &i) {
    const int *slots = i.slots.data() + Returns;
    const u64 address = lane.get<u64>(slots[0]) + i.offset;
    char *memory = lane.memory(i, address, sizeof(T), Access::atomic);
    T before;
    std::memcpy(&before, memory, sizeof before);
    const T after = F(before, lane.get<T>(slots[1]));
    std::memcpy(memory, &after, sizeof after);
    if constexpr (Returns)
        lane.set<T>(i.slots[0], before);
}

// One register into several smaller ones, or several into one.
template <class Part> void unpack(Lane &lane, const Instruction &i) {
    const u64 bits = lane.get<u64>(i.slots.back());
    for (size_t k = 0; k + 1 < i.slots.size(); k++)
        lane.set<Part>(i.slots[k], Part(bits >> (8 * sizeof(Part) * k)));
}

template <class Part> void pack(Lane &lane, const Instruction &i) {
    u64 bits = 0;
    for (size_t k = 1; k < i.slots.size(); k++)
        bits |= u64(lane.get<Part>(i.slots[k])) << (8 * sizeof(Part) * (k - 1));
    lane.set<u64>(i.slots[0], bits);
}

// Insert `length` bits of a at `position` of b.
template <class T> void insert_bits(Lane &lane, const Instruction &i) {
    const T a = lane.get<T>(i.slots[1]), b = lane.get<T>(i.slots[2]);
    const u64 position = lane.get<u32>(i.slots[3]) & 255, length = lane.get<u32>(i.slots[4]) & 255;
    T mask = 0;
    for (u64 k = position; k < std::min<u64>(position + length, 8 * sizeof(T)); k++)
        mask |= T(1) << k;
    const T moved = position < 8 * sizeof(T) ? T(a << position) : T(0);
    lane.set<T>(i.slots[0], (b & ~mask) | (moved & mask));
}

inline void branch(Lane &lane, const Instruction &i) { lane.top().at = size_t(i.offset); }

inline void barrier(Lane &lane, const Instruction &) {
    lane.waits = true;
    lane.team->running--;
}

inline void leave(Lane &lane, const Instruction &) {
    lane.frames.pop_back();
    if (lane.frames.empty())
        lane.team->running--;
}

inline void call(Lane &lane, const Instruction &i) {
    std::vector<u64> places;
    for (int slot : i.slots)
        places.push_back(lane.get<u64>(slot));
    const auto middle = places.begin() + i.results;
    lane.enter(*i.callee, {middle, places.end()}, {places.begin(), middle});
}

inline void trap(Lane &, const Instruction &) { throw Fault("a trap was reached"); }

inline void nothing(Lane &, const Instruction &) {}

// Without approximations of a hardware: only libm's own functions have these.
template <class T> T reciprocal(T x) { return 1 / x; }
template <class T> T reciprocal_root(T x) { return 1 / std::sqrt(x); }

class Table {
public:
    Table() {
        integers<i16, i32>("s16");
        integers<u16, u32>("u16");
        integers<i32, i64>("s32");
        integers<u32, u64>("u32");
        integers<i64, __int128>("s64");
        integers<u64, unsigned __int128>("u64");
        bits<u16>("b16");
        bits<u32>("b32");
        bits<u64>("b64");
        bits<bool>("pred");
        floats<f32>("f32");
        floats<f64>("f64");
        all_memory();
        all_conversions();
        steps["mov.b64.unpack2"] = unpack<u32>;
        steps["mov.b64.unpack4"] = unpack<u16>;
        steps["mov.b32.unpack2"] = unpack<u16>;
        steps["mov.b64.pack2"] = pack<u32>;
        steps["mov.b64.pack4"] = pack<u16>;
        steps["mov.b32.pack2"] = pack<u16>;
        steps["bfi.b32"] = insert_bits<u32>;
        steps["bfi.b64"] = insert_bits<u64>;
        for (const char *name : {"bra", "bra.uni"})
            steps[name] = branch;
        for (const char *name : {"bar.sync", "barrier.sync"})
            steps[name] = barrier;
        for (const char *name : {"ret", "ret.uni", "exit"})
            steps[name] = leave;
        for (const char *name : {"call", "call.uni"})
            steps[name] = call;
        for (const char *name : {"membar.cta", "membar.gl", "membar.sys", "pragma"})
            steps[name] = nothing;
        steps["trap"] = trap;
    }

    Step find(const std::string &name) const {
        const auto found = steps.find(name);
        if (found == steps.end())
            throw Fault("PTX has an instruction that the emulator has not: " + name);
        return found->second;
    }

private:
    std::unordered_map<std::string, Step> steps;

    template <class T, class Wide> void integers(const std::string &type) {
        using U = std::make_unsigned_t<T>; // whose overflow wraps
        auto name = [&](const char *op) { return op + ("." + type); };
        steps[name("add")] = binary<T, [](T a, T b) { return T(U(a) + U(b)); }>;
        steps[name("sub")] = binary<T, [](T a, T b) { return T(U(a) - U(b)); }>;
        steps[name("mul.lo")] = binary<T, [](T a, T b) { return T(u64(a) * u64(b)); }>;
        steps[name("mul.hi")] =
            binary<T, [](T a, T b) { return T((Wide(a) * Wide(b)) >> (8 * sizeof(T))); }>;
        if constexpr (sizeof(T) < 8) {
            steps[name("mul.wide")] =
                widened<T, Wide, [](T a, T b) { return Wide(u64(Wide(a)) * u64(Wide(b))); }>;
        }
        steps[name("mad.lo")] =
            ternary<T, [](T a, T b, T c) { return T(u64(a) * u64(b) + u64(c)); }>;
        steps[name("div")] = binary<T, [](T a, T b) {
            if (b == 0)
                return T(-1); // hardware's; the PTX ISA leaves it open
            return b == T(-1) && std::is_signed_v<T> ? T(U(0) - U(a)) : T(a / b);
        }>;
        steps[name("rem")] = binary<T, [](T a, T b) {
            if (b == 0)
                return a;
            return b == T(-1) && std::is_signed_v<T> ? T(0) : T(a % b);
        }>;
        steps[name("min")] = binary<T, [](T a, T b) { return std::min(a, b); }>;
        steps[name("max")] = binary<T, [](T a, T b) { return std::max(a, b); }>;
        steps[name("neg")] = unary<T, [](T a) { return T(U(0) - U(a)); }>;
        steps[name("abs")] = unary<T, [](T a) { return a < 0 ? T(U(0) - U(a)) : a; }>;
        steps[name("shr")] =
            shift<T, [](T a, u32 n) { return n < 8 * sizeof(T) ? T(a >> n) : T(a < 0 ? -1 : 0); }>;
        ordered<T>(type);
        const std::map<std::string, std::string> unsigned_names = {
            {"lo", "lt"}, {"ls", "le"}, {"hi", "gt"}, {"hs", "ge"}};
        for (const auto &[other, usual] : unsigned_names)
            steps["setp." + other + "." + type] = steps["setp." + usual + "." + type];
        copies<T>(type);
    }

    template <class T> void bits(const std::string &type) {
        auto name = [&](const char *op) { return op + ("." + type); };
        steps[name("and")] = binary<T, [](T a, T b) { return T(a & b); }>;
        steps[name("or")] = binary<T, [](T a, T b) { return T(a | b); }>;
        steps[name("xor")] = binary<T, [](T a, T b) { return T(a ^ b); }>;
        if constexpr (std::is_same_v<T, bool>) {
            steps[name("not")] = unary<T, [](T a) { return !a; }>;
        } else {
            steps[name("not")] = unary<T, [](T a) { return T(~a); }>;
            auto left = [](T a, u32 n) { return n < 8 * sizeof(T) ? T(a << n) : T(0); };
            auto right = [](T a, u32 n) { return n < 8 * sizeof(T) ? T(a >> n) : T(0); };
            steps[name("shl")] = shift<T, decltype(left){}>;
            steps[name("shr")] = shift<T, decltype(right){}>;
            steps[name("setp.eq")] = compare<T, [](T a, T b) { return a == b; }>;
            steps[name("setp.ne")] = compare<T, [](T a, T b) { return a != b; }>;
        }
        copies<T>(type);
    }

    template <class T> void floats(const std::string &type) {
        using Bits = std::conditional_t<sizeof(T) == 8, u64, u32>;
        constexpr Bits sign = Bits(1) << (8 * sizeof(T) - 1);
        auto name = [&](const char *op) { return op + ("." + type); };
        steps[name("add.rn")] = binary<T, [](T a, T b) { return a + b; }>;
        steps[name("sub.rn")] = binary<T, [](T a, T b) { return a - b; }>;
        steps[name("mul.rn")] = binary<T, [](T a, T b) { return a * b; }>;
        steps[name("div.rn")] = binary<T, [](T a, T b) { return a / b; }>;
        steps[name("fma.rn")] = ternary<T, [](T a, T b, T c) { return std::fma(a, b, c); }>;
        steps[name("sqrt.rn")] = unary<T, [](T a) { return std::sqrt(a); }>;
        steps[name("rcp.rn")] = unary<T, [](T a) { return 1 / a; }>;
        for (const char *how : {".approx", ".approx.ftz"}) {
            steps["rcp" + (how + ("." + type))] = unary<T, reciprocal<T>>;
            steps["rsqrt" + (how + ("." + type))] = unary<T, reciprocal_root<T>>;
        }
        // of the sign alone, whatever the rest is
        steps[name("neg")] = unary<Bits, [](Bits a) { return Bits(a ^ sign); }>;
        steps[name("abs")] = unary<Bits, [](Bits a) { return Bits(a & ~sign); }>;
        steps[name("copysign")] =
            binary<Bits, [](Bits a, Bits b) { return Bits((a & sign) | (b & ~sign)); }>;
        // the operand that is no NaN; -0 is less than +0
        steps[name("min")] = binary<T, [](T a, T b) {
            if (std::isnan(a) || std::isnan(b))
                return std::isnan(a) ? b : a;
            return a == b ? (std::signbit(a) ? a : b) : std::min(a, b);
        }>;
        steps[name("max")] = binary<T, [](T a, T b) {
            if (std::isnan(a) || std::isnan(b))
                return std::isnan(a) ? b : a;
            return a == b ? (std::signbit(a) ? b : a) : std::max(a, b);
        }>;
        ordered<T>(type);
        auto test = [&](const char *op) { return "setp." + std::string(op) + "." + type; };
        steps[test("ne")] = compare<T, [](T a, T b) { return a < b || b < a; }>;
        steps[test("equ")] = compare<T, [](T a, T b) { return !(a < b || b < a); }>;
        steps[test("neu")] = compare<T, [](T a, T b) { return a != b; }>;
        steps[test("ltu")] = compare<T, [](T a, T b) { return !(a >= b); }>;
        steps[test("leu")] = compare<T, [](T a, T b) { return !(b < a); }>;
        steps[test("gtu")] = compare<T, [](T a, T b) { return !(a <= b); }>;
        steps[test("geu")] = compare<T, [](T a, T b) { return !(a < b); }>;
        steps[test("num")] = compare<T, [](T a, T b) { return !std::isnan(a) && !std::isnan(b); }>;
        steps[test("nan")] = compare<T, [](T a, T b) { return std::isnan(a) || std::isnan(b); }>;
        copies<T>(type);
    }

    template <class T> void ordered(const std::string &type) {
        auto test = [&](const char *op) { return "setp." + std::string(op) + "." + type; };
        steps[test("eq")] = compare<T, [](T a, T b) { return a == b; }>;
        steps[test("ne")] = compare<T, [](T a, T b) { return a != b; }>;
        steps[test("lt")] = compare<T, [](T a, T b) { return a < b; }>;
        steps[test("le")] = compare<T, [](T a, T b) { return a <= b; }>;
        steps[test("gt")] = compare<T, [](T a, T b) { return b < a; }>;
        steps[test("ge")] = compare<T, [](T a, T b) { return a >= b; }>;
    }

    template <class T> void copies(const std::string &type) {
        steps["mov." + type] = unary<T, [](T a) { return a; }>;
        steps["selp." + type] = select<T>;
        if constexpr (sizeof(T) == 8) {
            steps["cvta." + type] = steps["cvta.to." + type] = steps["mov." + type];
        }
    }

    template <class T> void memory(const std::string &type) {
        steps["ld." + type] = load<T>;
        steps["st." + type] = store<T>;
        if constexpr (sizeof(T) >= 4) {
            auto both = [&](const char *op, Step returns, Step silent) {
                steps["atom." + std::string(op) + "." + type] = returns;
                steps["red." + std::string(op) + "." + type] = silent;
            };
            auto sum = [](T a, T b) { return T(a + b); };
            auto most = [](T a, T b) { return std::max(a, b); };
            auto least = [](T a, T b) { return std::min(a, b); };
            auto other = [](T, T b) { return b; };
            using Sum = decltype(sum);
            using Most = decltype(most);
            using Least = decltype(least);
            using Other = decltype(other);
            both("add", atomic<T, Sum{}, true>, atomic<T, Sum{}, false>);
            both("max", atomic<T, Most{}, true>, atomic<T, Most{}, false>);
            both("min", atomic<T, Least{}, true>, atomic<T, Least{}, false>);
            both("exch", atomic<T, Other{}, true>, atomic<T, Other{}, false>);
        }
    }

    void all_memory() {
        memory<i8>("s8");
        memory<u8>("u8");
        memory<u8>("b8");
        memory<i16>("s16");
        memory<u16>("u16");
        memory<u16>("b16");
        memory<i32>("s32");
        memory<u32>("u32");
        memory<u32>("b32");
        memory<i64>("s64");
        memory<u64>("u64");
        memory<u64>("b64");
        memory<f32>("f32");
        memory<f64>("f64");
    }

    template <class To, class From>
    void conversion(const std::string &to, const std::string &from) {
        const std::string types = "." + to + "." + from;
        constexpr bool from_float = !std::is_integral_v<From>, to_float = !std::is_integral_v<To>;
        if constexpr (!from_float && !to_float) {
            steps["cvt" + types] = convert<To, From, ' '>;
        } else if constexpr (from_float && (!to_float || sizeof(To) == sizeof(From))) {
            steps["cvt.rni" + types] = convert<To, From, 'n'>;
            steps["cvt.rzi" + types] = convert<To, From, 'z'>;
            steps["cvt.rmi" + types] = convert<To, From, 'm'>;
            steps["cvt.rpi" + types] = convert<To, From, 'p'>;
        } else if constexpr (from_float && sizeof(To) > sizeof(From)) {
            steps["cvt" + types] = convert<To, From, ' '>;
        } else {
            steps["cvt.rn" + types] = convert<To, From, ' '>;
        }
    }

    template <class From> void conversions_from(const std::string &from) {
        conversion<i8, From>("s8", from);
        conversion<u8, From>("u8", from);
        conversion<i16, From>("s16", from);
        conversion<u16, From>("u16", from);
        conversion<i32, From>("s32", from);
        conversion<u32, From>("u32", from);
        conversion<i64, From>("s64", from);
        conversion<u64, From>("u64", from);
        conversion<f16, From>("f16", from);
        conversion<f32, From>("f32", from);
        conversion<f64, From>("f64", from);
    }

    void all_conversions() {
        conversions_from<i8>("s8");
        conversions_from<u8>("u8");
        conversions_from<i16>("s16");
        conversions_from<u16>("u16");
        conversions_from<i32>("s32");
        conversions_from<u32>("u32");
        conversions_from<i64>("s64");
        conversions_from<u64>("u64");
        conversions_from<f16>("f16");
        conversions_from<f32>("f32");
        conversions_from<f64>("f64");
    }
};

} // namespace ptx
