/// A clock that moves on by one second each time it is read.
final class Ticks: @unchecked Sendable {
  private var seconds = 0.0
  func next() -> Double {
    seconds += 1
    return seconds
  }
}
