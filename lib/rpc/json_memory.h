/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_JSON_MEMORY_H
#define NASKEYS_RPC_JSON_MEMORY_H

/*
 * jansson's memory is wiped when freed.  Call once, before any JSON.  It is
 * malloc's all the same: free(3) is right for what json_dumps() returns.
 */
void	nk_json_wipe_memory(void);

#endif /* NASKEYS_RPC_JSON_MEMORY_H */
