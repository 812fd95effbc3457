import ArgumentParser
import KDCTraining

/// How image folders become samples.
struct DataOptions: ParsableArguments {
  @Option(
    name: .customLong("image-size"),
    help: ArgumentHelp("Resize images to this size, WIDTHxHEIGHT, which the model takes.", valueName: "size"),
    transform: ImageOptions.Size.init(parsing:))
  var imageSize: ImageOptions.Size?

  @Option(
    help: ArgumentHelp(
      "Mean of pixel / 255: one number, or one per channel as 0.485,0.456,0.406. Default: 0.", valueName: "mean"),
    transform: Quantity.list)
  var mean: [Float] = [0]

  @Option(
    name: .customLong("std"),
    help: ArgumentHelp(
      "Divisor of (pixel / 255 − mean): one number, or one per channel. Default: 1.", valueName: "std"),
    transform: Quantity.list)
  var deviation: [Float] = [1]

  func validate() throws {
    guard deviation.allSatisfy({ $0 > 0 }) else { throw ValidationError("--std must be above 0") }
  }

  var images: ImageOptions {
    var options = ImageOptions()
    options.size = imageSize
    options.mean = mean
    options.deviation = deviation
    return options
  }
}

extension ImageOptions.Size {
  /// "WIDTHxHEIGHT".
  init(parsing text: String) throws {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let width = parts[0], let height = parts[1], (1...16384).contains(width),
      (1...16384).contains(height)
    else { throw ValidationError("write a size as WIDTHxHEIGHT, as 224x224") }
    self.init(width: width, height: height)
  }
}

extension TeacherPreprocessing {
  /// "[input:]resize=48x48,scale=255,mean=0.485,0.456,0.406,std=0.5".
  init(parsing text: String) throws {
    self.init()
    var rest = text[...]
    if let colon = text.firstIndex(of: ":"), !text[..<colon].contains("=") {
      input = String(text[..<colon])
      rest = text[text.index(after: colon)...]
    }
    // A part without = goes on with the list before it.
    var steps: [(key: String, value: String)] = []
    for part in rest.split(separator: ",", omittingEmptySubsequences: false) {
      if let equals = part.firstIndex(of: "=") {
        steps.append((String(part[..<equals]), String(part[part.index(after: equals)...])))
      } else if let last = steps.indices.last {
        steps[last].value += "," + part
      } else {
        throw ValidationError("write --teacher-preprocess as resize=48x48,scale=255,mean=0.5,std=0.5, not '\(text)'")
      }
    }
    for (key, value) in steps {
      switch key {
      case "resize": size = try ImageOptions.Size(parsing: value)
      case "scale":
        guard let number = Float(value), number.isFinite else { throw ValidationError("scale must be a number") }
        scale = number
      case "mean": mean = try Quantity.list(value)
      case "std":
        deviation = try Quantity.list(value)
        guard deviation.allSatisfy({ $0 != 0 }) else { throw ValidationError("std must not be 0") }
      default:
        throw ValidationError("--teacher-preprocess knows resize, scale, mean and std, not '\(key)'")
      }
    }
  }
}
