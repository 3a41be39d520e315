// A libcuda whose GPUs are those of `gpus.hpp`: what numba's CUDA targets call of it, and no more.
#include <dlfcn.h>
#include <mutex>

#include "gpus.hpp"

namespace {

using namespace emulator;

std::mutex turn;
std::vector<std::unique_ptr<Gpu>> gpus;
thread_local std::vector<Gpu *> contexts;

Gpu &current() {
    if (contexts.empty())
        throw Failed{INVALID_VALUE};
    if (contexts.back()->is_broken)
        throw Failed{ILLEGAL_ADDRESS};
    return *contexts.back();
}

Stream &stream_of(void *handle) {
    Stream &stream = u64(handle) <= 1 ? current().legacy : *static_cast<Stream *>(handle);
    if (stream.is_gone)
        throw Failed{INVALID_HANDLE};
    return stream;
}

// Run the body of a function of the driver, one at a time.
template <class Body> int guarded(Body body) {
    const std::lock_guard lock(turn);
    try {
        body();
        return SUCCESS;
    } catch (const Failed &failed) {
        return failed.result;
    } catch (const ptx::Fault &found) {
        report(found);
        return INVALID_PTX;
    }
}

struct Kernel {
    const ptx::Module *module;
    const ptx::Function *function;
};

struct Loaded {
    std::unique_ptr<ptx::Module> module;
    std::map<std::string, Kernel> kernels;
};

struct Link {
    std::string text;
};

void launch(const Kernel &kernel, unsigned teams, unsigned lanes, Stream &stream, void **given) {
    ptx::Grid grid{kernel.module, kernel.function, stream.gpu, teams, lanes, {}};
    const ptx::Function &function = *kernel.function;
    grid.parameters.resize(function.parameter_bytes + 1);
    for (auto [begin, bytes] : function.parameters)
        std::memcpy(grid.parameters.data() + begin, *given++, bytes);
    stream.gpu->add(stream, [grid = std::move(grid)] { ptx::run(grid, randomness); });
}

} // namespace

extern "C" {

// -------------------------------------------------------------------------------- for tests alone

// Have all allocations after the next so many refused; -1 has none refused.
void emulator_refuse_after(long count) { refused_after = count; }

// Return the last fault, and mend what it broke.
const char *emulator_fault() {
    static std::string last;
    const std::lock_guard lock(turn);
    last.swap(fault);
    fault.clear();
    for (const auto &gpu : gpus)
        gpu->is_broken = false;
    return last.c_str();
}

// Have streams that are created from now on wait for the legacy default stream, or not: those of
// CuPy and PyTorch do not.
void emulator_streams_block(int block) { streams_block = block; }

// Draw orders from a seed. With any but 0, half of all work is done at once, and what it waits for;
// the rest, and all with 0, as late as can be.
void emulator_seed(unsigned long seed) {
    const std::lock_guard lock(turn);
    randomness.seed(seed);
    is_hasty = seed != 0;
}

// ------------------------------------------------------------------------------ functions, errors

// The package numba-cuda asks for each function by its name, and does without those it need not
// call.
int cuGetProcAddress_v2(const char *name, void **function, int, u64, int *status) {
    *function = dlsym(RTLD_DEFAULT, name);
    if (status)
        *status = *function ? 0 : 1;
    return *function ? SUCCESS : NOT_FOUND;
}

int cuGetErrorName(int result, const char **name) {
    const std::map<int, const char *> names = {{OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY"},
                                               {INVALID_PTX, "CUDA_ERROR_INVALID_PTX"},
                                               {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE"},
                                               {NOT_READY, "CUDA_ERROR_NOT_READY"},
                                               {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS"}};
    *name = names.contains(result) ? names.at(result) : "CUDA_ERROR_INVALID_VALUE";
    return SUCCESS;
}

int cuGetErrorString(int result, const char **text) { return cuGetErrorName(result, text); }

// -------------------------------------------------------------------------- devices and contexts

int cuInit(unsigned) {
    return guarded([] {
        while (gpus.size() < GPUS)
            gpus.push_back(std::make_unique<Gpu>());
    });
}

int cuDriverGetVersion(int *version) {
    *version = 13000;
    return SUCCESS;
}

int cuDeviceGetCount(int *count) {
    *count = int(gpus.size());
    return SUCCESS;
}

int cuDeviceGet(int *device, int number) {
    *device = number;
    return size_t(number) < gpus.size() ? SUCCESS : INVALID_VALUE;
}

int cuDeviceGetName(char *name, int length, int) {
    std::snprintf(name, size_t(length), "emulated on the CPU");
    return SUCCESS;
}

int cuDeviceGetUuid(char *uuid, int device) {
    std::memset(uuid, device + 1, 16);
    return SUCCESS;
}

int cuDeviceGetAttribute(int *value, int attribute, int) {
    const std::map<int, int> known = {{10, 32}, {16, 2}, {39, 2048}, {41, 1}, {75, 9}, {76, 0}};
    *value = known.contains(attribute) ? known.at(attribute) : 1024;
    return SUCCESS;
}

int cuDeviceCanAccessPeer(int *can, int, int) {
    *can = 0;
    return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void **context, int device) {
    *context = gpus[size_t(device)].get();
    return SUCCESS;
}

int cuDevicePrimaryCtxRelease(int) { return SUCCESS; }

int cuDevicePrimaryCtxReset(int) { return SUCCESS; }

int cuCtxPushCurrent(void *context) {
    contexts.push_back(static_cast<Gpu *>(context));
    return SUCCESS;
}

int cuCtxPopCurrent(void **context) {
    if (contexts.empty())
        return INVALID_VALUE;
    *context = contexts.back();
    contexts.pop_back();
    return SUCCESS;
}

int cuCtxSetCurrent(void *context) {
    if (!contexts.empty())
        contexts.pop_back();
    if (context)
        contexts.push_back(static_cast<Gpu *>(context));
    return SUCCESS;
}

int cuCtxGetCurrent(void **context) {
    *context = contexts.empty() ? nullptr : contexts.back();
    return SUCCESS;
}

int cuCtxGetDevice(int *device) {
    return guarded([=] {
        const auto found = std::ranges::find(gpus, &current(), &std::unique_ptr<Gpu>::get);
        *device = int(found - gpus.begin());
    });
}

int cuCtxSynchronize() {
    return guarded([] { current().finish(current().waiting); });
}

// ------------------------------------------------------------------------------------------- code

int cuLinkCreate(unsigned, int *, void **, void **state) {
    *state = new Link;
    return SUCCESS;
}

int cuLinkAddData(void *state, int, void *data, size_t size, const char *, unsigned, int *,
                  void **) {
    static_cast<Link *>(state)->text += std::string(static_cast<char *>(data), size).c_str();
    return SUCCESS;
}

int cuLinkComplete(void *state, void **image, size_t *size) {
    std::string &text = static_cast<Link *>(state)->text;
    *image = text.data();
    *size = text.size() + 1;
    return SUCCESS;
}

int cuLinkDestroy(void *state) {
    delete static_cast<Link *>(state);
    return SUCCESS;
}

int cuModuleLoadDataEx(void **module, const void *image, unsigned, int *, void **) {
    return guarded([=] {
        auto loaded = std::make_unique<Loaded>();
        loaded->module = ptx::Reader(static_cast<const char *>(image)).module;
        for (const auto &[name, function] : loaded->module->functions)
            loaded->kernels[name] = {loaded->module.get(), &function};
        *module = loaded.release();
    });
}

int cuModuleUnload(void *) { return SUCCESS; } // kernels may still wait to be run

int cuModuleGetFunction(void **function, void *module, const char *name) {
    return guarded([=] {
        auto &kernels = static_cast<Loaded *>(module)->kernels;
        if (!kernels.contains(name))
            throw Failed{NOT_FOUND};
        *function = &kernels.at(name);
    });
}

int cuFuncGetAttribute(int *value, int attribute, void *) {
    *value = attribute == 0 ? 1024 : 32; // lanes of a team, and registers
    return SUCCESS;
}

int cuLaunchKernel(void *function, unsigned x, unsigned y, unsigned z, unsigned lanes, unsigned b,
                   unsigned c, unsigned shared, void *stream, void **parameters, void **) {
    return guarded([=] {
        if (!x || !lanes || lanes > 1024 || y != 1 || z != 1 || b != 1 || c != 1 || shared)
            throw Failed{INVALID_VALUE};
        Stream &where = stream_of(stream);
        if (where.gpu != &current())
            throw Failed{INVALID_HANDLE};
        launch(*static_cast<Kernel *>(function), x, lanes, where, parameters);
    });
}

// The names that the package numba-cuda has for the same.

int cuLibraryLoadData(void **library, const void *image, int *, void **, unsigned, int *, void **,
                      unsigned) {
    return cuModuleLoadDataEx(library, image, 0, nullptr, nullptr);
}

int cuLibraryUnload(void *) { return SUCCESS; }

int cuLibraryGetKernel(void **kernel, void *library, const char *name) {
    return cuModuleGetFunction(kernel, library, name);
}

int cuLibraryGetModule(void **module, void *library) {
    *module = library;
    return SUCCESS;
}

int cuKernelGetFunction(void **function, void *kernel) {
    *function = kernel;
    return SUCCESS;
}

int cuKernelGetAttribute(int *value, int attribute, void *kernel, int) {
    return cuFuncGetAttribute(value, attribute, kernel);
}

struct LaunchConfig {
    unsigned grid[3], block[3], shared;
    void *stream;
};

int cuLaunchKernelEx(const LaunchConfig *config, void *function, void **parameters, void **extra) {
    const auto &[grid, block, shared, stream] = *config;
    return cuLaunchKernel(function, grid[0], grid[1], grid[2], block[0], block[1], block[2], shared,
                          stream, parameters, extra);
}

// ----------------------------------------------------------------------------------------- memory

int cuMemAlloc(u64 *address, size_t size) {
    return guarded([=] { *address = current().allocate(size); });
}

int cuMemFree(u64 address) {
    return guarded([=] {
        for (const auto &gpu : gpus)
            if (gpu->live.contains(address))
                return gpu->free(address);
        throw Failed{INVALID_VALUE};
    });
}

int cuMemGetInfo(size_t *free, size_t *total) {
    return guarded([=] {
        *free = MOST - current().used;
        *total = MOST;
    });
}

int cuIpcOpenMemHandle(u64 *, char *, unsigned) { return INVALID_VALUE; } // numba looks for it

int cuPointerGetAttribute(void *value, unsigned attribute, u64 address) {
    return guarded([=] {
        u64 begin = 0;
        if (attribute != 3 || address >= current().end_of(address, begin))
            throw Failed{INVALID_VALUE};
        *static_cast<u64 *>(value) = address;
    });
}

int cuMemcpyHtoDAsync(u64 to, const void *from, size_t size, void *stream) {
    return guarded([=] {
        // pageable memory: it is read at once, and written when the stream comes to it
        Stream &where = stream_of(stream);
        std::vector<char> held(static_cast<const char *>(from),
                               static_cast<const char *>(from) + size);
        where.gpu->add(where, [=, held = std::move(held), gpu = where.gpu] {
            std::memcpy(gpu->memory(to, size), held.data(), size);
        });
    });
}

int cuMemcpyHtoD(u64 to, const void *from, size_t size) {
    return cuMemcpyHtoDAsync(to, from, size, nullptr);
}

int cuMemcpyDtoHAsync(void *to, u64 from, size_t size, void *stream) {
    return guarded([=] {
        Stream &where = stream_of(stream);
        const Task task = where.gpu->add(
            where, [=, gpu = where.gpu] { std::memcpy(to, gpu->memory(from, size), size); });
        where.gpu->finish({task});
    });
}

int cuMemcpyDtoH(void *to, u64 from, size_t size) {
    return cuMemcpyDtoHAsync(to, from, size, nullptr);
}

int cuMemcpyDtoDAsync(u64 to, u64 from, size_t size, void *stream) {
    return guarded([=] {
        Stream &where = stream_of(stream);
        where.gpu->add(where, [=, gpu = where.gpu] {
            std::memmove(gpu->memory(to, size), gpu->memory(from, size), size);
        });
    });
}

int cuMemcpyDtoD(u64 to, u64 from, size_t size) {
    return cuMemcpyDtoDAsync(to, from, size, nullptr);
}

// ----------------------------------------------------------------------------- streams and events

int cuStreamCreate(void **stream, unsigned flags) {
    return guarded([=] {
        auto &streams = current().streams;
        streams.push_back(std::make_unique<Stream>(&current(), flags == 0 && streams_block));
        *stream = streams.back().get();
    });
}

int cuStreamDestroy(void *stream) {
    return guarded([=] { stream_of(stream).is_gone = true; }); // what is in it is still to be done
}

int cuStreamSynchronize(void *stream) {
    return guarded([=] {
        Stream &where = stream_of(stream);
        where.gpu->finish({where.gpu->add(where, [] {})});
    });
}

int cuEventCreate(void **event, unsigned) {
    return guarded([=] { *event = new Event{&current(), nullptr}; });
}

int cuEventDestroy(void *event) {
    delete static_cast<Event *>(event);
    return SUCCESS;
}

int cuEventRecord(void *event, void *stream) {
    return guarded([=] {
        Stream &where = stream_of(stream);
        auto &[gpu, recorded] = *static_cast<Event *>(event);
        if (gpu != where.gpu)
            throw Failed{INVALID_HANDLE};
        recorded = gpu->add(where, [] {});
    });
}

int cuEventQuery(void *event) {
    return guarded([=] {
        const Task &task = static_cast<Event *>(event)->recorded;
        if (task && !task->is_done)
            throw Failed{NOT_READY};
    });
}

int cuEventSynchronize(void *event) {
    return guarded([=] {
        const auto &[gpu, recorded] = *static_cast<Event *>(event);
        gpu->finish({recorded});
    });
}

int cuStreamWaitEvent(void *stream, void *event, unsigned) {
    return guarded([=] {
        const Task &task = static_cast<Event *>(event)->recorded;
        if (task && !task->is_done)
            stream_of(stream).awaited.push_back(task);
    });
}

} // extern "C"
