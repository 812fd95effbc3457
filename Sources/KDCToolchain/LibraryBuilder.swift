import Dispatch
import Glibc
import KDCDiagnostics
import KDCTargets

/// A C file of a bundle: name, text, and flags besides those common to the architecture.
package struct CSource: Sendable {
  package var name: String
  package var text: String
  package var flags: [String]
  package init(name: String, text: String, flags: [String] = []) {
    self.name = name
    self.text = text
    self.flags = flags
  }
}

/// Builds a bundle's ELF file: the runtime, generated code and the container, in a folder of its own.
///
/// The result depends on the inputs and the tools' versions alone: relative names only, no time, a fixed environment.
package struct LibraryBuilder {
  let toolchain: Toolchain
  let architecture: Target.Architecture
  /// Compile generated code with every warning an error: for tests of the generator.
  var warningsAreErrors: Bool
  let threads: Int

  package init(
    toolchain: Toolchain, architecture: Target.Architecture, warningsAreErrors: Bool = false, threads: Int? = nil
  ) {
    self.toolchain = toolchain
    self.architecture = architecture
    self.warningsAreErrors = warningsAreErrors
    self.threads = threads ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }

  /// What an ELF file has besides its container.
  package struct CodeSize: Sendable {
    /// All of it: instructions, tables, what the dynamic linker reads, headers.
    package var bytes: Int
    /// Machine instructions.
    package var instructionBytes: Int
  }

  /// The ELF file with `sources` (which define `kdc_model`), the runtime, and as section .kdc what `container` makes
  /// when it is told how large all the rest is. Containers are multiples of 64 bytes.
  ///
  /// Throws a `Diagnostic` where tools are at fault, an `InternalError` with clang's message where generated code is.
  package func build(_ sources: [CSource], soname: String, container: (_ code: CodeSize) throws -> [UInt8]) throws
    -> [UInt8]
  {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    var jobs = try prepare(sources, in: folder)
    // The order of the objects decides that of the code: generated functions first, then the runtime.
    let objects = jobs.map(\.product)
    let stubs = StubLibrary.all(for: architecture)
    for stub in stubs {
      try folder.write(stub.source, to: stub.soname + ".c")
      try folder.write(stub.versionScript, to: stub.soname + ".map")
      jobs.append(compile(stub.soname + ".c", ["-w", "-fno-builtin", "-fvisibility=default"], to: stub.soname + ".o"))
    }
    try run(jobs, in: folder)
    try run(stubs.map { link(["--version-script=\($0.soname).map", $0.soname + ".o"], to: $0.soname) }, in: folder)

    let flags = linkFlags + objects + ["container.o"] + stubs.map(\.soname)
    // Linked twice: the container says how large the code is.
    var code = CodeSize(bytes: 0, instructionBytes: 0)
    var file: [UInt8] = []
    for isFinal in [false, true] {
      try folder.write(isFinal ? try container(code) : [UInt8](repeating: 0, count: 64), to: "container.bin")
      try folder.write(containerAssembly, to: "container.s")
      let assemble = Job(
        program: toolchain.clang, arguments: ["--target=\(triple)", "-c", "container.s", "-o", "container.o"],
        product: "container.o")
      try run([assemble], in: folder)
      try run([link(flags, to: soname)], in: folder)
      let elf = try ElfFile(InterpreterName.movedToEnd(of: try Files.read(folder.path + "/" + soname)))
      file = elf.bytes
      let stored = elf.sections.first { $0.name == ".kdc" }?.size ?? 0
      code = CodeSize(bytes: elf.bytes.count - stored, instructionBytes: elf.codeBytes)
    }
    try LinkCheck.check(file, architecture: architecture)
    return file
  }

  /// Writes every text and says how to compile it.
  private func prepare(_ sources: [CSource], in folder: TemporaryFolder) throws -> [Job] {
    for (file, text) in embeddedRuntime { try folder.write(text, to: "runtime/" + file) }
    var jobs: [Job] = []
    for source in sources {
      try folder.write(source.text, to: "model/" + source.name)
      let flags =
        ["-O2", "-fno-unroll-loops", "-fno-strict-aliasing", "-fno-math-errno", "-Iruntime/include"] + kernelFlags
        + warnings + source.flags
      jobs.append(compile("model/" + source.name, flags, to: object("model", source.name)))
    }
    for (file, _) in embeddedRuntime where file.hasSuffix(".c") {
      let flags = [Self.hotFiles.contains(file) ? "-Os" : "-Oz", "-Wall", "-Wextra"] + baseline
      jobs.append(compile("runtime/" + file, flags, to: object("runtime", file)))
    }
    return jobs
  }

  // MARK: Flags

  /// Files whose speed matters at load or between steps; in the rest every byte counts.
  static let hotFiles: Set = ["crc32.c", "inflate.c", "pack.c", "pool.c", "self.c"]

  var triple: String { architecture == .aarch64 ? "aarch64-linux-gnu" : "x86_64-linux-gnu" }
  private var emulation: String { architecture == .aarch64 ? "aarch64linux" : "elf_x86_64" }
  /// What the runtime itself may use: every core of the architecture has it.
  private var baseline: [String] { architecture == .aarch64 ? ["-march=armv8-a", "-mtune=cortex-a72"] : [] }
  private var warnings: [String] { warningsAreErrors ? ["-Wall", "-Wextra", "-Werror"] : ["-w"] }

  /// Pairs of vectors loaded by one instruction take three micro-operations on Cortex-A72, two single loads take two.
  private var kernelFlags: [String] { architecture == .aarch64 ? ["-mllvm", "-aarch64-enable-ldst-opt=false"] : [] }

  private var commonFlags: [String] {
    [
      "--target=\(triple)", "--sysroot=/nonexistent", "-std=c11", "-fPIC", "-fvisibility=hidden", "-ffreestanding",
      "-nostdlibinc", "-fno-stack-protector", "-ffunction-sections", "-fdata-sections", "-ffp-contract=off",
      "-fno-asynchronous-unwind-tables", "-fno-ident", "-DKDC_BUNDLE",
    ] + (architecture == .aarch64 ? ["-mno-outline-atomics"] : [])
  }

  private var linkFlags: [String] {
    [
      "--no-undefined", "--gc-sections", "--hash-style=gnu", "--build-id=sha1", "-z", "now",
      "-z", "relro", "-z", "noexecstack", "-z", "max-page-size=\(architecture == .aarch64 ? 65536 : 4096)",
      "-Bsymbolic", "-e", "_kd_start", "-s",
    ]
  }

  private var containerAssembly: String {
    """
    .section .kdc,"a",\(architecture == .aarch64 ? "%" : "@")progbits
    .p2align 6
    .globl kdc_container
    .hidden kdc_container
    kdc_container:
    .incbin "container.bin"
    .globl kdc_container_end
    .hidden kdc_container_end
    kdc_container_end:
    .section .note.GNU-stack,"",\(architecture == .aarch64 ? "%" : "@")progbits

    """
  }

  // MARK: Jobs

  private struct Job: Sendable {
    var program: String
    var arguments: [String]
    var product: String
  }

  private func object(_ folder: String, _ file: String) -> String { folder + "-" + file.dropLast(2) + ".o" }

  private func compile(_ file: String, _ flags: [String], to product: String) -> Job {
    Job(program: toolchain.clang, arguments: commonFlags + flags + ["-c", file, "-o", product], product: product)
  }

  private func link(_ arguments: [String], to product: String) -> Job {
    Job(
      program: toolchain.linker,
      arguments: ["-m", emulation, "-shared", "-soname", product] + arguments + ["-o", product],
      product: product)
  }

  /// Runs independent jobs in parallel; of several failures the first in order is thrown.
  private func run(_ jobs: [Job], in folder: TemporaryFolder) throws {
    let failures = FailureList()
    let workers = min(threads, jobs.count)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      for index in stride(from: worker, to: jobs.count, by: workers) {
        let job = jobs[index]
        do {
          let result = try Subprocess.run(job.program, job.arguments, in: folder.path)
          if result.status != 0 { failures.add(index, Self.failure(of: job, result)) }
        } catch {
          failures.add(index, error)
        }
      }
    }
    if let first = failures.first { throw first }
  }

  /// A signal means that the tool broke or was stopped (out of memory); an error message means that our code is wrong.
  private static func failure(of job: Job, _ result: Subprocess.Result) -> any Error {
    let tool = job.program.split(separator: "/").last.map(String.init) ?? job.program
    if result.status >= 128 || result.output.contains("No space left on device") {
      return Diagnostic(
        .toolFailed, "\(tool) failed on \(job.product) (exit code \(result.status))",
        notes: result.output.isEmpty ? [] : [String(result.output.suffix(400))],
        hint: "memory or disk space may have run out; `kdc doctor` checks the tools")
    }
    return InternalError("\(tool) refused \(job.product):\n" + result.output.prefix(2000))
  }
}

/// Errors of concurrent jobs.
private final class FailureList: @unchecked Sendable {
  private let lock = DispatchSemaphore(value: 1)
  private var all: [(index: Int, error: any Error)] = []

  func add(_ index: Int, _ error: any Error) {
    lock.wait()
    all.append((index, error))
    lock.signal()
  }

  var first: (any Error)? { all.min { $0.index < $1.index }?.error }
}
