/* SPDX-License-Identifier: ISC */
/* The floor of bench_akc: starts and exits. */

int
main(void)
{
	return 0;
}
