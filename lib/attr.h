/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ATTR_H
#define NASKEYS_ATTR_H

#define NK_MUST_CHECK	__attribute__((warn_unused_result))
#define NK_PRINTF(f, a)	__attribute__((format(printf, f, a)))
#define NK_ALWAYS_INLINE	inline __attribute__((always_inline))

#endif /* NASKEYS_ATTR_H */
