import KDCDiagnostics

/// The name of the dynamic linker that a program asks for (PT_INTERP).
enum InterpreterName {
  /// The file with its interpreter's name as the last bytes of all, too, and PT_INTERP's file offset pointing there.
  ///
  /// Linux reads that name before it gives up the program that calls `execve`. In a file that was cut short, wherever, it is
  /// not there: the call fails with an error, and nothing of the file is mapped. Otherwise it would be mapped, and the
  /// first access beyond its end would be a signal. The dynamic linker reads the name by its address, where it was.
  static func movedToEnd(of file: [UInt8]) throws -> [UInt8] {
    let elf = try ElfFile(file)
    guard let index = elf.segments.firstIndex(where: { $0.kind == 3 }) else { throw InternalError("no PT_INTERP") }
    let segment = elf.segments[index]
    guard segment.offset <= file.count, segment.fileSize <= file.count - segment.offset else {
      throw InternalError("PT_INTERP lies outside of the file")
    }
    var result = file + file[segment.offset..<(segment.offset + segment.fileSize)]
    let field = elf.segmentTable + index * ElfFile.segmentBytes + 8
    withUnsafeBytes(of: UInt64(file.count).littleEndian) { result.replaceSubrange(field..<(field + 8), with: $0) }
    return result
  }
}
