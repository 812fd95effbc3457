import COpenBLAS

/// How the process keeps memory that was freed.
enum Memory {
  private static let kept: Void = {
    // Values as large as a layer's are allocated and freed again for every batch. By default glibc gives their pages
    // back, and the kernel clears them again: a tenth of the time of training small models.
    _ = mallopt(M_MMAP_THRESHOLD, 1 << 25)
    _ = mallopt(M_TRIM_THRESHOLD, 1 << 30)
    _ = mallopt(M_TOP_PAD, 1 << 26)
  }()

  /// Tells the allocator, once, to keep pages for the next batch.
  static func keep() { kept }
}
