// How libpng's errors come back, for reading and writing alike.
#ifndef PNG_ERRORS_H
#define PNG_ERRORS_H

#include <png.h>

// May not return: jumps to the setjmp that filled the `jmp_buf` given to libpng as its error pointer.
void cic_png_error(png_structp png, png_const_charp message);

// Drops the message.
void cic_png_warning(png_structp png, png_const_charp message);

#endif
