/// Linux calls that Swift's Glibc module does not import: variadic system calls and macros.
#pragma once
