/* log_factorial.h: ln n! without lgamma, which writes a global. n >= 0 and whole; absolute error below 1e-11.
 */
#ifndef AJP_LOG_FACTORIAL_H
#define AJP_LOG_FACTORIAL_H
double ajp_log_factorial(double n);
#endif
