import Glibc

/// The memory that this process can have.
package enum MachineMemory {
  /// Bytes: the least of the machine's memory, the container's limit and the process's own (`ulimit -v`).
  package static let bytes: Int = {
    let physical = max(1 << 26, sysconf(Int32(_SC_PHYS_PAGES)) &* sysconf(Int32(_SC_PAGESIZE)))
    let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap(number)
    return ([physical] + groups + [addressSpace].compactMap { $0 }).min() ?? physical
  }()

  /// The limit on the process's addresses; nil where there is none.
  package static var addressSpace: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else {
      return nil
    }
    return Int(limit.rlim_cur)
  }

  private static func number(in path: String) -> Int? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var text = [CChar](repeating: 0, count: 64)
    guard fgets(&text, Int32(text.count), file) != nil else { return nil }
    let digits = String(decoding: text.prefix { $0 >= 48 && $0 <= 57 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Int(digits).flatMap { $0 > 0 ? $0 : nil }
  }
}
