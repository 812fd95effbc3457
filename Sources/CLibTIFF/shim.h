#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tiffio.h>

/* libtiff on a file in memory. Its handlers of messages are global functions; with the file's own data they write into
   that file's message. */

typedef struct {
  const unsigned char *data;
  size_t size, at;
  unsigned width, height;
  char message[160];
} kdc_tiff;

static inline void kdc_tiff_fail(thandle_t handle, const char *module, const char *format, va_list list) {
  (void)module;
  kdc_tiff *file = (kdc_tiff *)handle;
  /* The first says what is wrong, later ones what became of it. */
  if (file && !file->message[0]) vsnprintf(file->message, sizeof file->message, format, list);
}

static inline tmsize_t kdc_tiff_read(thandle_t handle, void *to, tmsize_t count) {
  kdc_tiff *file = (kdc_tiff *)handle;
  size_t rest = file->at < file->size ? file->size - file->at : 0, taken = (size_t)count < rest ? (size_t)count : rest;
  memcpy(to, file->data + file->at, taken);
  file->at += taken;
  return (tmsize_t)taken;
}

static inline tmsize_t kdc_tiff_write(thandle_t handle, void *from, tmsize_t count) {
  (void)handle, (void)from, (void)count;
  return 0;
}

static inline toff_t kdc_tiff_seek(thandle_t handle, toff_t offset, int from) {
  kdc_tiff *file = (kdc_tiff *)handle;
  file->at = (size_t)offset + (from == SEEK_CUR ? file->at : from == SEEK_END ? file->size : 0);
  return file->at;
}

static inline int kdc_tiff_close(thandle_t handle) {
  (void)handle;
  return 0;
}

static inline toff_t kdc_tiff_size(thandle_t handle) { return ((kdc_tiff *)handle)->size; }

/* Once, before any file is opened. */
static inline void kdc_tiff_start(void) {
  TIFFSetErrorHandler(NULL);
  TIFFSetWarningHandler(NULL);
  TIFFSetErrorHandlerExt(kdc_tiff_fail);
}

/* The first picture's size into `file`, and its pixels too where `pixels` is not NULL: red, green, blue, each multiplied by
   alpha, and alpha, rows from the top; width * height of them, as the header said before. 1, or 0 with the reason in
   file->message. */
static inline int kdc_tiff_read_picture(kdc_tiff *file, unsigned *pixels) {
  file->at = 0;
  file->message[0] = 0;
  TIFF *tiff = TIFFClientOpen("picture", "rm", file, kdc_tiff_read, kdc_tiff_write, kdc_tiff_seek, kdc_tiff_close,
                              kdc_tiff_size, NULL, NULL);
  if (!tiff) return 0;
  uint32_t width = 0, height = 0;
  int read = TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width) && TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  if (!read) snprintf(file->message, sizeof file->message, "it has no size");
  if (pixels && read) {
    char reason[1024] = "";
    read = width == file->width && height == file->height && TIFFRGBAImageOK(tiff, reason);
    if (!read) snprintf(file->message, sizeof file->message, "%s", reason[0] ? reason : "the file has changed");
    read = read && TIFFReadRGBAImageOriented(tiff, width, height, pixels, ORIENTATION_TOPLEFT, 1);
  } else {
    file->width = width;
    file->height = height;
  }
  TIFFClose(tiff);
  return read;
}

static inline const char *kdc_tiff_message(const kdc_tiff *file) {
  return file->message[0] ? file->message : "libtiff cannot read it";
}
