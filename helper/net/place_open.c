/* SPDX-License-Identifier: ISC */
#include <sys/random.h>

#include "helper/net/place.h"

void
place_open(struct place *p, struct session *s, enum nk_remote_fault fault)
{
	uint32_t number;

	say_step(NK_REMOTE_WRITE);
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		say_fault(NK_REMOTE_FAILED, "random numbers");
	*p = (struct place){ .session = s, .fault = fault, .number = number };
	if (!place_sftp(p, s))
		place_shell(p, s);
}
