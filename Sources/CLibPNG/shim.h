#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libpng's simplified interface, for writing; its macros for formats and sizes are no constants that Swift imports.
   Reading goes by the interface below it: the simplified one takes 16-bit samples for linear light and follows gamma
   chunks, and pixels are meant as they are stored. Its errors are long jumps, which stay inside these functions. */

typedef struct {
  const unsigned char *data;
  size_t size, at;
  unsigned width, height;
  char message[160];
} kdc_png;

static void kdc_png_fail(png_structp png, png_const_charp text) {
  kdc_png *file = (kdc_png *)png_get_error_ptr(png);
  snprintf(file->message, sizeof file->message, "%s", text);
  png_longjmp(png, 1);
}

static void kdc_png_ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void kdc_png_take(png_structp png, png_bytep to, size_t count) {
  kdc_png *file = (kdc_png *)png_get_io_ptr(png);
  if (count > file->size - file->at) png_error(png, "the file ends early");
  memcpy(to, file->data + file->at, count);
  file->at += count;
}

/* One row of RGBA over black as grey, (299 R + 587 G + 114 B) / 1000, or RGB. */
static inline void kdc_png_put(const unsigned char *rgba, unsigned width, int channels, unsigned char *to) {
  for (unsigned x = 0; x < width; x++, rgba += 4, to += channels) {
    int alpha = rgba[3], c[3];
    for (int i = 0; i < 3; i++) c[i] = (rgba[i] * alpha + 127) / 255;
    if (channels == 1) {
      to[0] = (unsigned char)((299 * c[0] + 587 * c[1] + 114 * c[2] + 500) / 1000);
    } else {
      for (int i = 0; i < 3; i++) to[i] = (unsigned char)c[i];
    }
  }
}

/* Reads the header into `file`, and the pixels too where `pixels` is not NULL: channels * width * height bytes, as the
   header said before. 1, or 0 with the reason in file->message. */
static __attribute__((noinline)) int kdc_png_read(kdc_png *file, int channels, unsigned char *pixels) {
  unsigned char *volatile rows = NULL;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, file, kdc_png_fail, kdc_png_ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  file->at = 0;
  if (!info || setjmp(png_jmpbuf(png))) {
    if (!info) snprintf(file->message, sizeof file->message, "libpng cannot start");
    free(rows);
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
  }
  png_set_benign_errors(png, 1);
  png_set_read_fn(png, file, kdc_png_take);
  png_read_info(png, info);
  unsigned width = png_get_image_width(png, info), height = png_get_image_height(png, info);
  if (pixels && (width != file->width || height != file->height)) png_error(png, "the file has changed");
  file->width = width;
  file->height = height;
  if (pixels) {
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != 4 * (size_t)width) png_error(png, "its pixels are of an unknown kind");
    /* Interlaced pixels come in several passes over the whole. */
    size_t kept = passes > 1 ? height : 1;
    rows = (unsigned char *)malloc(4 * (size_t)width * kept);
    if (!rows) png_error(png, "there is not enough memory");
    for (int pass = 0; pass < passes; pass++)
      for (size_t y = 0; y < height; y++) {
        unsigned char *row = rows + (kept > 1 ? 4 * (size_t)width * y : 0);
        png_read_row(png, row, NULL);
        if (pass == passes - 1) kdc_png_put(row, width, channels, pixels + (size_t)channels * width * y);
      }
    png_read_end(png, NULL);
  }
  free(rows);
  png_destroy_read_struct(&png, &info, NULL);
  return 1;
}

static inline const char *kdc_png_message(const kdc_png *file) { return file->message; }
