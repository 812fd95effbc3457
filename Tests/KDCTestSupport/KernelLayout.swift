import KDCKernels
import KDCProgram
import KDCTensor

/// Where the data of kernel cases lie in the harness program's memory: one block for all cases, read whole from
/// standard input and written whole to standard output.
package struct KernelLayout {
  struct Place {
    var code: KernelCode
    /// Offsets by the step's reads; by its writes for the first and the second run; the workspaces; the constants.
    var reads: [Int]
    var writes: [[Int]]
    var workspaces: [Int]
    var constants: [Int]
    /// Bytes of the reads, then of the writes, then of the workspace; of the constants.
    var bufferSizes: [Int]
    var constantSizes: [Int]
    /// The first case with the same C: its function serves all.
    var function: Int
  }
  var places: [Place] = []
  /// The memory before the run: noise wherever there is no data.
  package private(set) var image: [UInt8] = []
  /// Bytes that kernels may change.
  private var owned: [Range<Int>] = []
  private var noise = SeededGenerator(seed: 7)
  /// Where the rows of calls lie in `image`, and how many there are.
  private var table = 0
  private var rows = 0
  /// The most buffers and constants of a step.
  private static let slots = 16

  package init(_ cases: [KernelCase]) throws {
    var functions: [String: Int] = [:]
    for (index, test) in cases.enumerated() {
      guard let step = test.program.steps.last else { throw HarnessError("a kernel case has a step") }
      let code: KernelCode
      do throws(Refusal) {
        code = try test.family.offer(step, in: test.program, on: test.target).code
      } catch {
        throw HarnessError("\(test.family.name) refuses \(test.title): \(error.reason)")
      }
      guard code.packings.count == step.constants.count, code.units >= 1 else {
        throw HarnessError("\(test.family.name) gives \(code.packings.count) packings, \(code.units) units")
      }
      let reads = step.reads.map { add(test.memory.buffers[$0.index]) }
      let packed = zip(step.constants, code.packings).map { $1.pack(test.memory.constants[$0.index]) }
      let constants = packed.map { add($0) }
      var writes: [[Int]] = []
      var workspaces: [Int] = []
      for _ in 0..<2 {
        writes.append(step.writes.map { own(test.memory.buffers[$0.index].count) })
        workspaces.append(own(code.workspaceBytes))
      }
      let function = functions[code.text] ?? index
      functions[code.text] = function
      let sizes = (step.reads + step.writes).map { test.memory.buffers[$0.index].count }
      places.append(
        Place(
          code: code, reads: reads, writes: writes, workspaces: workspaces, constants: constants,
          bufferSizes: sizes + (code.workspaceBytes > 0 ? [code.workspaceBytes] : []),
          constantSizes: packed.map(\.count), function: function))
    }
    appendNoise(64)
    table = image.count
    for place in places { for row in Self.calls(place) { append(row) } }
    appendNoise(64)
  }

  private mutating func append(_ row: [Int]) {
    for value in row { withUnsafeBytes(of: UInt32(value).littleEndian) { image.append(contentsOf: $0) } }
    rows += 1
  }

  private mutating func add(_ bytes: [UInt8]) -> Int {
    appendNoise(64)
    let offset = image.count
    image += bytes
    return offset
  }

  private mutating func own(_ count: Int) -> Int {
    appendNoise(64)
    let offset = image.count
    owned.append(offset..<offset + count)
    for _ in 0..<(count + 7) / 8 { image.append(contentsOf: withUnsafeBytes(of: noise.next()) { Array($0) }) }
    image.removeLast(image.count - offset - count)
    return offset
  }

  /// At least `count` bytes of noise, up to the next multiple of 64.
  private mutating func appendNoise(_ count: Int) {
    let end = (image.count + count + 63) / 64 * 64
    while image.count < end { image.append(UInt8(truncatingIfNeeded: noise.next() >> 32)) }
  }

  /// The C program: helpers, kernels, a table of runs, and a start without a C library.
  package func source(_ cases: [KernelCase]) throws -> String {
    let functions = places.indices.filter { places[$0].function == $0 }
    return try Self.callNumbers + kernels(cases) + Self.memorySource(image.count) + guardSource
      + "static const kernel functions[] = {\n" + functions.map { "  [\($0)] = k\($0),\n" }.joined() + """
        };
        static void run_all(void) {
          const guarded_call *calls = (const guarded_call *)(memory + \(table));
          for (size_t i = 0; i < \(rows); i++) guarded(functions[calls[i].function], &calls[i]);
        }

        """ + Self.startSource
  }

  package func kernels(_ cases: [KernelCase]) throws -> String {
    let intrinsics =
      switch cases.first?.target.architecture {
      case .aarch64: "#include <arm_neon.h>\n"
      case .x86_64: "#include <immintrin.h>\n"
      case nil: ""
      }
    var text = "#include <stddef.h>\n#include <stdint.h>\n" + intrinsics + Self.libraryHeader
    var functions = ""
    for (index, place) in places.enumerated() where place.function == index {
      functions += "// \(cases[index].title), \(cases[index].family.name)\n"
      functions += "__attribute__((noinline)) KDC_KERNEL(k\(index)) {\n"
      functions += place.code.text + "\n}\n"
    }
    text += try CHelpers.source(usedIn: functions) + "\n"
    return text + functions
  }

  /// Rows of `guarded_call` for both runs of a case: whole, and in three parts from the last to the first.
  private static func calls(_ place: Place) -> [[Int]] {
    let units = place.code.units
    let parts = [[(0, units)], [(units * 2 / 3, units), (units / 3, units * 2 / 3), (0, units / 3)]]
    return parts.enumerated().flatMap { run, bounds in
      bounds.filter { $0.0 < $0.1 }.map { begin, end in
        let buffers = place.reads + place.writes[run] + (place.code.workspaceBytes > 0 ? [place.workspaces[run]] : [])
        return [place.function, begin, end, buffers.count, place.constants.count] + row(buffers)
          + row(place.bufferSizes.map(readable)) + row(place.constants) + row(place.constantSizes.map(whole))
      }
    }
  }

  private static func row(_ values: [Int]) -> [Int] { values + [Int](repeating: 0, count: slots - values.count) }

  /// What a bundle lays out for `bytes` of a constant; of a buffer, with the slack behind it.
  private static func whole(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }
  private static func readable(_ bytes: Int) -> Int { whole(bytes) + 64 }

  private var guardSource: String {
    let sizes = places.flatMap { $0.bufferSizes.map(Self.readable) + $0.constantSizes.map(Self.whole) }
    return """
      enum { SLOT = \(((sizes.max() ?? 0) + 65535) / 65536 * 65536), PAGE = 65536, SLOTS = \(Self.slots) };
      static uint8_t slots[SLOTS][SLOT + PAGE] __attribute__((aligned(65536)));
      static long call(long number, long a, long b, long c);
      typedef void (*kernel)(void *const *b, const void *const *c, uint32_t begin, uint32_t end);
      #if defined(HOSTED)
      void __asan_poison_memory_region(const volatile void *, size_t);
      void __asan_unpoison_memory_region(const volatile void *, size_t);
      #endif
      // A copy of `bytes` of the memory whose end is that of a slot.
      static uint8_t *place(int slot, uint32_t from, uint32_t bytes) {
        uint8_t *to = slots[slot] + SLOT - bytes;
      #if defined(HOSTED)
        __asan_unpoison_memory_region(slots[slot], SLOT);
        __asan_poison_memory_region(slots[slot], SLOT - bytes);
      #endif
        memcpy(to, memory + from, bytes);
        return to;
      }
      typedef struct {
        // A call on copies of buffers and constants that end where readable memory does.
        uint32_t function, begin, end, buffers, constants, b[SLOTS], b_bytes[SLOTS], c[SLOTS], c_bytes[SLOTS];
      } guarded_call;
      static void guarded(kernel run, const guarded_call *g) {
        static int is_ready;
        for (int i = 0; i < SLOTS && !is_ready; i++) call(CALL_PROTECT, (long)(slots[i] + SLOT), PAGE, 0);
        is_ready = 1;
        void *to[SLOTS];
        void *fixed[SLOTS];
        for (uint32_t i = 0; i < g->buffers; i++) to[i] = place((int)i, g->b[i], g->b_bytes[i]);
        for (uint32_t i = 0; i < g->constants; i++) fixed[i] = place((int)(g->buffers + i), g->c[i], g->c_bytes[i]);
        run(to, (const void *const *)fixed, g->begin, g->end);
        for (uint32_t i = 0; i < g->buffers; i++) memcpy(memory + g->b[i], to[i], g->b_bytes[i]);
        for (uint32_t i = 0; i < g->constants; i++) memcpy(memory + g->c[i], fixed[i], g->c_bytes[i]);
      }

      """
  }

  package func call(_ index: Int, _ run: Int, _ begin: Int, _ end: Int) -> String {
    let place = places[index]
    var buffers = (place.reads + place.writes[run]).map { "memory + \($0)" }
    if place.code.workspaceBytes > 0 { buffers.append("memory + \(place.workspaces[run])") }
    let constants = place.constants.map { "memory + \($0)" } + ["0"]
    return "k\(place.function)((void *[]){\(buffers.joined(separator: ", "))}, "
      + "(const void *[]){\(constants.joined(separator: ", "))}, \(begin), \(end));"
  }

  /// Compares the memory after the run with the references.
  func faults(_ cases: [KernelCase], after result: [UInt8]) -> [String] {
    var faults: [String] = []
    for (test, place) in zip(cases, places) {
      guard let step = test.program.steps.last else { continue }
      var memory = test.memory
      step.run(&memory)
      for (run, offsets) in place.writes.enumerated() {
        for (id, offset) in zip(step.writes, offsets) {
          let expected = memory.buffers[id.index]
          let wrong = expected.indices.filter { expected[$0] != result[offset + $0] }
          guard let first = wrong.first else { continue }
          faults.append(
            "\(test.family.name), \(test.title): \(wrong.count) of \(expected.count) bytes differ \(run == 0 ? "" : "in parts ")"
              + "from byte \(first): \(Int8(bitPattern: result[offset + first])), not \(Int8(bitPattern: expected[first]))"
          )
        }
      }
    }
    var position = 0
    for range in owned + [image.count..<image.count] {
      for index in position..<range.lowerBound where image[index] != result[index] {
        let place = places.lastIndex {
          ($0.reads + $0.constants + $0.workspaces + $0.writes.joined()).contains { $0 <= index }
        }
        faults.append("byte \(index) was overwritten, near \(place.map { cases[$0].title } ?? "the start")")
        break
      }
      position = range.upperBound
    }
    return faults
  }

  static let libraryHeader = """
    void *memcpy(void *, const void *, size_t);
    void *memset(void *, int, size_t);

    """

  static func memorySource(_ bytes: Int) -> String {
    "enum { MEMORY_BYTES = \(bytes) };\nstatic uint8_t memory[MEMORY_BYTES + 64] __attribute__((aligned(64)));\n"
  }

  /// A program for benchmarks: all cases once to warm up, then each `counts` times between the marks of the ruler
  /// (system calls 7700 and 7701).
  package func benchmark(_ cases: [KernelCase], counts: [Int]) throws -> String {
    let calls = places.indices.map { index in
      (0..<counts[index]).map { _ in "  " + call(index, 0, 0, places[index].code.units) + "\n" }.joined()
    }
    return try Self.callNumbers + kernels(cases) + Self.memorySource(image.count) + Self.librarySource
      + "static __attribute__((noinline)) void run_all(void) {\n" + calls.joined() + "}\n" + """
        START void harness_start(void) {
          uint32_t noise = 1;
          for (size_t i = 0; i < MEMORY_BYTES; i++) memory[i] = (uint8_t)((noise = noise * 1664525u + 1013904223u) >> 24);
          run_all();
          call(7700, 0, 0, 0);
          run_all();
          call(7701, 0, 0, 0);
          call(CALL_EXIT, 0, 0, 0);
          for (;;) {}
        }

        """
  }

  static let startSource =
    librarySource + """
      START void harness_start(void) {
        for (size_t done = 0; done < MEMORY_BYTES;) {
          long n = call(CALL_READ, 0, (long)(memory + done), (long)(MEMORY_BYTES - done));
          if (n <= 0) call(CALL_EXIT, 2, 0, 0);
          done += (size_t)n;
        }
        run_all();
        for (size_t done = 0; done < MEMORY_BYTES;) {
          long n = call(CALL_WRITE, 1, (long)(memory + done), (long)(MEMORY_BYTES - done));
          if (n <= 0) call(CALL_EXIT, 3, 0, 0);
          done += (size_t)n;
        }
        call(CALL_EXIT, 0, 0, 0);
        for (;;) {}
      }
      #if defined(HOSTED)
      int main(void) { harness_start(); }
      #endif

      """

  static let callNumbers = """
    #if defined(__aarch64__)
    enum { CALL_READ = 63, CALL_WRITE = 64, CALL_EXIT = 93, CALL_PROTECT = 226 };
    #else
    enum { CALL_READ = 0, CALL_WRITE = 1, CALL_EXIT = 60, CALL_PROTECT = 10 };
    #endif

    """

  static let librarySource = """
    #if !defined(HOSTED)
    __attribute__((no_builtin("memcpy"))) void *memcpy(void *to, const void *from, size_t n) {
      for (size_t i = 0; i < n; i++) ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
      return to;
    }
    __attribute__((no_builtin("memset"))) void *memset(void *to, int value, size_t n) {
      for (size_t i = 0; i < n; i++) ((uint8_t *)to)[i] = (uint8_t)value;
      return to;
    }
    #endif
    #if defined(__aarch64__)
    static long call(long number, long a, long b, long c) {
      register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
      __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
      return x0;
    }
    #define START
    #else
    static long call(long number, long a, long b, long c) {
      long result;
      __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
      return result;
    }
    #define START __attribute__((force_align_arg_pointer))
    #endif

    """
}
