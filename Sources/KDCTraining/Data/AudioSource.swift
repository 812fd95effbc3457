import CSndfile
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Recordings (WAV, FLAC, Ogg: whatever libsndfile reads) as samples of a model with one input of T values.
///
/// Channels are mixed to one, values are −1…1, and the rate stays as it is. A recording is cut into windows of T values, one
/// after another; the rest of it, or a recording that is shorter, is followed by silence.
struct AudioSource: SampleColumn {
  /// Ends of file names, in lower case.
  static let endings = [".wav", ".flac", ".ogg", ".aiff", ".aif"]

  let input: ValueInfo
  private let files: [String]
  /// For each sample its file and its window.
  private let windows: [(file: Int, window: Int)]
  var count: Int { windows.count }
  /// For each sample the index of its file.
  var fileOfSample: [Int] { windows.map(\.file) }

  /// Opens every file. Throws a `DiagnosticList`: `unsuitableInput`, `unreadableData`, `fileNotFound`.
  init(_ files: [String], folder: String, input: ValueInfo) throws {
    self.input = input
    self.files = files
    let length = input.type.shape.count
    guard input.type.dataType.isFloat || input.type.dataType == .int16, length > 1,
      input.type.shape.dims.filter({ $0 != 1 }).count == 1
    else {
      throw DiagnosticList([
        Diagnostic(
          .unsuitableInput, "recordings cannot fill the model's input '\(input.name)' \(input.type)",
          at: Place(file: folder), notes: ["an input of recordings has one axis of values, as [1,16000]"],
          hint: "compute what the model takes (a spectrogram, say) and save it as npz")
      ])
    }
    var faults: [Diagnostic] = []
    var windows: [(file: Int, window: Int)] = []
    var first: (path: String, rate: Int)?
    for (index, path) in files.enumerated() {
      do throws(Diagnostic) {
        let recording = try Recording(path)
        if let first, first.rate != recording.rate {
          throw Diagnostic(
            .unsuitableInput, "it has \(recording.rate) values a second, '\(first.path)' has \(first.rate)",
            at: Place(file: path), hint: "bring all recordings to the rate that the model was trained with")
        }
        first = first ?? (path, recording.rate)
        for window in 0..<max(1, (recording.frames + length - 1) / length) { windows.append((index, window)) }
      } catch {
        faults.append(error)
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    self.windows = windows
  }

  func sample(_ index: Int) throws -> Tensor {
    let (file, window) = windows[index]
    let length = input.type.shape.count
    let values = try Recording(files[file]).values(from: window * length, count: length)
    guard input.type.dataType == .int16 else {
      return Tensor(input.type.shape, values).converted(to: input.type.dataType)
    }
    let whole = values.map { Int16(max(-32768, min(32767, ($0 * 32768).rounded()))) }
    return Tensor(input.type.shape, .int16(whole))
  }
}

/// A sound file that is open.
private final class Recording {
  let path: String
  let frames, rate, channels: Int
  private let handle: OpaquePointer

  /// Throws `fileNotFound`, `unreadableData`.
  init(_ path: String) throws(Diagnostic) {
    var info = SF_INFO()
    // Of a pipe or a device the end is not known.
    let descriptor = try Files.openForReading(path).descriptor
    guard let handle = sf_open_fd(descriptor, Int32(SFM_READ), &info, 1) else {
      let reason = String(cString: sf_strerror(nil))
      throw Diagnostic(
        .unreadableData, "the recording cannot be read: \(reason)", at: Place(file: path),
        hint: "repair or remove the file: every recording of the folder is a sample")
    }
    (self.path, self.handle) = (path, handle)
    (frames, rate, channels) = (Int(info.frames), Int(info.samplerate), Int(info.channels))
    guard channels > 0, channels <= 64, frames >= 0, frames < 1 << 40 else {
      throw Diagnostic(
        .unreadableData, "the recording claims \(channels) channels of \(frames) values", at: Place(file: path))
    }
  }

  deinit { sf_close(handle) }

  /// `count` values from `first` on, 0 past the end.
  func values(from first: Int, count: Int) throws(Diagnostic) -> [Float] {
    let rest = max(0, min(count, frames - first))
    var interleaved = [Float](repeating: 0, count: rest * channels)
    guard rest == 0 || sf_seek(handle, Int64(first), SEEK_SET) == Int64(first),
      sf_readf_float(handle, &interleaved, Int64(rest)) == Int64(rest)
    else {
      throw Diagnostic(.unreadableData, "the recording ends early or is damaged", at: Place(file: path))
    }
    var result = [Float](repeating: 0, count: count)
    for frame in 0..<rest {
      let sum = interleaved[frame * channels..<(frame + 1) * channels].reduce(0, +)
      // Files of floats may hold anything.
      result[frame] = sum.isFinite ? sum / Float(channels) : 0
    }
    return result
  }
}
