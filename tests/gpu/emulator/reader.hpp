// PTX as text becomes a `Module`. What is not understood is refused when it is read.
#pragma once

#include "instructions.hpp"

namespace ptx {

class Reader {
public:
    explicit Reader(const std::string &text) {
        module = std::make_unique<Module>();
        std::istringstream stream(text);
        for (std::string line; std::getline(stream, line);)
            module->lines.push_back(line);
        statements();
        for (const auto &[instruction, name] : calls) {
            const auto found = module->functions.find(name);
            if (found == module->functions.end())
                throw Fault("PTX calls a function that is not there: " + name);
            instruction.first->code[instruction.second].callee = &found->second;
        }
    }

    std::unique_ptr<Module> module;

private:
    Function *function = nullptr;               // that is being read
    std::unordered_map<std::string, int> names; // and their slots
    std::set<std::string> registers;
    std::unordered_map<std::string, u64> shared;
    std::unordered_map<std::string, size_t> labels;
    std::vector<std::pair<size_t, std::string>> jumps;
    std::vector<std::pair<std::pair<Function *, size_t>, std::string>> calls;
    int depth = 0, line = 0;

    // Split the text at ; { } and labels, the heads of functions at their last bracket.
    void statements() {
        std::string words;
        bool in_vector = false;
        for (size_t k = 0; k < module->lines.size(); k++) {
            std::string text = module->lines[k].substr(0, module->lines[k].find("//"));
            if (words.empty() && skipped(text))
                continue;
            if (words.empty())
                line = int(k) + 1;
            for (char c : text) {
                if (c == '{' && !strip(words).empty() && strip(words)[0] != '.') {
                    in_vector = true;
                } else if (c == '}' && in_vector) {
                    in_vector = false;
                } else if (c == '{') {
                    if (depth++ == 0)
                        head(strip(words));
                    words.clear();
                    continue;
                } else if (c == '}') {
                    if (--depth == 0)
                        end_function();
                    words.clear();
                    continue;
                } else if (c == ';') {
                    statement(strip(words));
                    words.clear();
                    line = int(k) + 1;
                    continue;
                } else if (c == ':' && strip(words).starts_with("$")) {
                    labels[strip(words)] = function->code.size();
                    words.clear();
                    continue;
                }
                words += c;
            }
            words += ' ';
            if (strip(words).empty())
                words.clear();
        }
    }

    static bool skipped(const std::string &text) {
        for (const char *word :
             {".version", ".target", ".address_size", ".file ", ".loc ", ".section "})
            if (strip(text).starts_with(word))
                return true;
        return false;
    }

    static std::string strip(const std::string &text) {
        const auto begin = text.find_first_not_of(" \t\r\n");
        return begin == std::string::npos
                   ? ""
                   : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
    }

    // Return the operands of a list, those of {a, b} one by one.
    static std::vector<std::string> listed(const std::string &text) {
        std::vector<std::string> found;
        std::string word;
        for (char c : text + ",") {
            if (c == ',') {
                if (!strip(word).empty())
                    found.push_back(strip(word));
                word.clear();
            } else if (!strchr("{}()", c)) {
                word += c;
            }
        }
        return found;
    }

    // What a declaration declares: its name, its alignment and its bytes.
    struct Variable {
        std::string name;
        u64 align = 1, bytes = 0;
    };

    static Variable variable(const std::string &text) {
        std::istringstream stream(text);
        Variable found;
        u64 size = 1;
        for (std::string word; stream >> word;) {
            if (word == ".align")
                stream >> found.align;
            else if (word[0] == '.' && word.size() > 2 && isdigit(word[2]))
                size = std::stoul(word.substr(2)) / 8;
            else if (word[0] != '.')
                found.name = word;
        }
        found.align = std::max(found.align, size);
        const auto bracket = found.name.find('[');
        found.bytes = size;
        if (bracket != std::string::npos) {
            found.bytes *= std::stoul(found.name.substr(bracket + 1));
            found.name.resize(bracket);
        }
        return found;
    }

    static u64 place(u64 &end, const Variable &variable) {
        const u64 begin = (end + variable.align - 1) / variable.align * variable.align;
        end = begin + variable.bytes;
        return begin;
    }

    void head(const std::string &text) {
        const auto found = std::min(text.find(".entry"), text.find(".func"));
        std::string rest = strip(text.substr(text.find_first_of(" (", found)));
        std::vector<std::string> results;
        if (rest[0] == '(') {
            results = listed(rest.substr(0, rest.find(')')));
            rest = strip(rest.substr(rest.find(')') + 1));
        }
        const std::string name = strip(rest.substr(0, rest.find_first_of("( \t")));
        function = &module->functions[name];
        function->name = name;
        names.clear();
        registers.clear();
        labels.clear();
        jumps.clear();
        const auto open = rest.find('(');
        if (open != std::string::npos) {
            u64 count = 0;
            for (const std::string &each : listed(rest.substr(open, rest.find(')') - open))) {
                const Variable parameter = variable(each);
                const u64 begin = place(function->parameter_bytes, parameter);
                function->parameters.push_back({begin, parameter.bytes});
                symbol(parameter.name, Symbol::parameter, count++);
            }
        }
        for (size_t k = 0; k < results.size(); k++)
            symbol(variable(results[k]).name, Symbol::result, k);
        const char *specials[] = {"%tid.x", "%ntid.x", "%ctaid.x", "%nctaid.x"};
        for (u64 k = 0; k < 4; k++)
            symbol(specials[k], Symbol::special, k);
        for (const auto &[each, offset] : shared)
            symbol(each, Symbol::shared, offset);
        for (const auto &[each, address] : module->globals)
            constant(each, address.first);
        for (const char *each : {"%tid.y", "%tid.z", "%ctaid.y", "%ctaid.z"})
            constant(each, 0);
        for (const char *each : {"%ntid.y", "%ntid.z", "%nctaid.y", "%nctaid.z"})
            constant(each, 1);
    }

    void end_function() {
        for (const auto &[at, label] : jumps) {
            if (!labels.contains(label))
                throw Fault("PTX jumps to a label that is not there: " + label);
            function->code[at].offset = i64(labels[label]);
        }
        Instruction last;
        last.step = leave;
        function->code.push_back(std::move(last));
        function = nullptr;
    }

    int slot(const std::string &name) {
        const auto [found, is_new] = names.try_emplace(name, function->slots);
        function->slots += is_new;
        return found->second;
    }

    // Return a name without the number at its end.
    static std::string plain(const std::string &name) {
        return name.substr(0, name.find_last_not_of("0123456789") + 1);
    }

    void symbol(const std::string &name, Symbol::Kind kind, u64 offset) {
        function->symbols.push_back({kind, slot(name), offset});
    }

    void constant(const std::string &name, u64 value) {
        if (!names.contains(name))
            function->constants.push_back({slot(name), value});
    }

    // Return the slot of an operand; numbers have slots as well.
    int operand(const std::string &text, const std::string &type) {
        const bool is_number = isdigit(text[0]) || text[0] == '-';
        if (!is_number && !names.contains(text) && !registers.contains(plain(text)) && text != "_")
            throw Fault("PTX has a name that is not declared: " + text);
        if (!is_number)
            return slot(text);
        const std::string name = type + " " + text;
        if (text.starts_with("0d") || text.starts_with("0D") || text.starts_with("0f") ||
            text.starts_with("0F"))
            constant(name, std::stoull(text.substr(2), nullptr, 16));
        else if (type == "pred")
            constant(name, text != "0");
        else if (type[0] == 'f')
            throw Fault("PTX has a decimal floating-point number: " + text);
        else
            constant(name, text[0] == '-' ? u64(std::stoll(text)) : std::stoull(text, nullptr, 0));
        return slot(name);
    }

    void statement(std::string text) {
        if (text.empty())
            return;
        if (text[0] == '.')
            return declaration(text);
        if (!function)
            throw Fault("PTX has an instruction outside of functions: " + text);
        Instruction instruction;
        instruction.line = line;
        if (text[0] == '@') {
            const auto end = text.find_first_of(" \t");
            std::string guard = text.substr(1, end - 1);
            instruction.unless = guard[0] == '!';
            instruction.guard = slot(guard.substr(instruction.unless));
            text = strip(text.substr(end));
        }
        const auto end = std::min(text.find_first_of(" \t"), text.size());
        fill(instruction, text.substr(0, end), strip(text.substr(end)));
        function->code.push_back(std::move(instruction));
    }

    void declaration(const std::string &text) {
        auto has = [&](const char *word) { return text.find(word) != std::string::npos; };
        if (has(".pragma") || has(".func "))
            return;
        if (has(".reg ")) {
            std::string name = text.substr(text.find_last_of(" \t") + 1);
            registers.insert(plain(name.substr(0, name.find('<'))));
            return;
        }
        if (has("=") || has(".extern"))
            throw Fault("PTX has what the emulator has not: " + text);
        const Variable found = variable(text);
        if (has(".shared ")) {
            shared[found.name] = place(module->shared, found);
            if (function)
                symbol(found.name, Symbol::shared, shared[found.name]);
        } else if (has(".local ")) {
            symbol(found.name, Symbol::local, place(function->local, found));
        } else if (has(".param ")) {
            // calls in turn have parameters of the same names
            Variable whole = found;
            whole.align = 16;
            names.erase(found.name);
            symbol(found.name, Symbol::local, place(function->local, whole));
        } else if (has(".global ") || has(".const ")) {
            auto memory = std::make_unique<char[]>(found.bytes + 16);
            const u64 address = (u64(memory.get()) + 15) / 16 * 16;
            module->globals[found.name] = {address, found.bytes};
            module->kept.push_back(std::move(memory));
        } else {
            throw Fault("PTX declares what the emulator has not: " + text);
        }
    }

    static const Table &table() {
        static const Table all;
        return all;
    }

    void fill(Instruction &instruction, const std::string &code, const std::string &rest) {
        std::vector<std::string> parts;
        std::istringstream stream(code);
        for (std::string part; std::getline(stream, part, '.');)
            parts.push_back(part);
        const std::string kind = parts[0], type = parts.back();
        if (kind == "ld" || kind == "st" || kind == "atom" || kind == "red")
            return access(instruction, parts, rest);
        std::string name = code;
        if (kind == "cvta")
            name = parts[1] == "to" ? "cvta.to." + type : "cvta." + type;
        if (kind == "mov" && rest.find('{') != std::string::npos) {
            const size_t count = listed(rest).size() - 1;
            name = code + (rest[0] == '{' ? ".unpack" : ".pack") + std::to_string(count);
        }
        instruction.step = table().find(name);
        if (kind == "bra") {
            jumps.push_back({function->code.size(), rest});
            return;
        }
        if (kind == "call")
            return called(instruction, rest);
        if (kind == "bar" || kind == "barrier") {
            if (rest != "0")
                throw Fault("PTX has a barrier of some lanes: " + code + " " + rest);
            return;
        }
        for (const std::string &each : listed(rest))
            instruction.slots.push_back(operand(each, type));
    }

    // ld, st, atom, red: with a space of memory, maybe several registers, and an address.
    void access(Instruction &instruction, const std::vector<std::string> &parts, std::string rest) {
        static const std::map<std::string, Space> spaces = {{"global", Space::global},
                                                            {"shared", Space::shared},
                                                            {"local", Space::local},
                                                            {"param", Space::param},
                                                            {"const", Space::global}};
        std::string name = parts[0];
        for (size_t k = 1; k < parts.size(); k++) {
            const std::string &part = parts[k];
            if (spaces.contains(part))
                instruction.space = spaces.at(part);
            else if (part != "v2" && part != "v4" && part != "volatile" && part != "relaxed" &&
                     part != "nc" && part != "gpu" && part != "weak")
                name += "." + part;
        }
        instruction.step = table().find(name);
        const auto open = rest.find('['), close = rest.find(']');
        std::string address = rest.substr(open + 1, close - open - 1);
        const auto plus = address.find('+');
        if (plus != std::string::npos) {
            instruction.offset = std::stoll(address.substr(plus + 1));
            address.resize(plus);
        }
        const std::string type = parts.back();
        auto add = [&](const std::string &some) {
            for (const std::string &each : listed(some))
                instruction.slots.push_back(operand(each, type));
        };
        add(rest.substr(0, open));
        instruction.results = int(instruction.slots.size());
        instruction.slots.push_back(operand(strip(address), "u64"));
        add(rest.substr(close + 1));
    }

    // call (results), function, (parameters)
    void called(Instruction &instruction, std::string rest) {
        instruction.results = 0;
        auto take = [&] {
            const auto close = rest.find(')');
            const auto found = listed(rest.substr(0, close));
            rest = close == std::string::npos ? "" : strip(rest.substr(close + 1));
            if (rest.starts_with(","))
                rest = strip(rest.substr(1));
            return found;
        };
        std::vector<std::string> results, parameters;
        if (rest[0] == '(')
            results = take();
        const auto comma = std::min(rest.find(','), rest.size());
        const std::string name = strip(rest.substr(0, comma));
        rest = comma < rest.size() ? strip(rest.substr(comma + 1)) : "";
        if (!rest.empty())
            parameters = take();
        instruction.results = int(results.size());
        for (const auto *some : {&results, &parameters})
            for (const std::string &each : *some)
                instruction.slots.push_back(operand(each, "u64"));
        calls.push_back({{function, function->code.size()}, name});
    }
};

} // namespace ptx
