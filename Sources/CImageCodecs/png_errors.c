#include "png_errors.h"

#include <setjmp.h>

void cic_png_error(png_structp png, png_const_charp message) {
  (void)message;
  jmp_buf *jump = png_get_error_ptr(png);
  longjmp(*jump, 1);
}

void cic_png_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}
