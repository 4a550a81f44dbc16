/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_PRIVATE_KEYS_H
#define NASKEYS_TESTS_PRIVATE_KEYS_H

/*
 * Private keys that ssh-keygen, openssl and puttygen made for these tests,
 * and that are of no other use.  Those of one type are one key in several
 * forms (the one with parameters is another).
 */

#define ED_OPENSSH \
	"-----BEGIN OPENSSH PRIVATE KEY-----\n" \
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAA" \
	"AAtzc2gtZW\n" \
	"QyNTUxOQAAACC5+N9KUXxhxI+jbvFDJgEuu68KU95Iv4HCyKnLUPqQdgAAAI" \
	"hTTB4eU0we\n" \
	"HgAAAAtzc2gtZWQyNTUxOQAAACC5+N9KUXxhxI+jbvFDJgEuu68KU95Iv4HC" \
	"yKnLUPqQdg\n" \
	"AAAEBCxlpEHps+PVNeZtJeUFCNC4h6H+OffyZ5MSVWZBS9e7n430pRfGHEj6" \
	"Nu8UMmAS67\n" \
	"rwpT3ki/gcLIqctQ+pB2AAAAAXQBAgME\n" \
	"-----END OPENSSH PRIVATE KEY-----\n"
#define ED_PUTTY2 \
	"PuTTY-User-Key-File-2: ssh-ed25519\n" \
	"Encryption: none\n" \
	"Comment: t\n" \
	"Public-Lines: 2\n" \
	"AAAAC3NzaC1lZDI1NTE5AAAAILn430pRfGHEj6Nu8UMmAS67rwpT3ki/gcLI" \
	"qctQ\n" \
	"+pB2\n" \
	"Private-Lines: 1\n" \
	"AAAAIELGWkQemz49U15m0l5QUI0LiHof459/JnkxJVZkFL17\n" \
	"Private-MAC: dea07379bee3d7fa2657ded1b50d60a7e9ae3942\n"
#define ED_PUTTY3 \
	"PuTTY-User-Key-File-3: ssh-ed25519\n" \
	"Encryption: none\n" \
	"Comment: t\n" \
	"Public-Lines: 2\n" \
	"AAAAC3NzaC1lZDI1NTE5AAAAILn430pRfGHEj6Nu8UMmAS67rwpT3ki/gcLI" \
	"qctQ\n" \
	"+pB2\n" \
	"Private-Lines: 1\n" \
	"AAAAIELGWkQemz49U15m0l5QUI0LiHof459/JnkxJVZkFL17\n" \
	"Private-MAC: 1094bc22c054eea07ffd7ce71505d2a1cc7aa52de45da98" \
	"3c50827a8b1bbd35c\n"
#define RSA_OPENSSH \
	"-----BEGIN OPENSSH PRIVATE KEY-----\n" \
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAlwAA" \
	"AAdzc2gtcn\n" \
	"NhAAAAAwEAAQAAAIEAuSmbwSDcoMicRvKHReNczALLhAp5n5K++QlCth7ctn" \
	"m/cfYrRM9y\n" \
	"EqNSadsRX4VMkt+gqR+FZy/u/oecffJX5zLCtMdL1H5Q/8hnZpdrbtb0u0N6" \
	"Qv4XfOZzxz\n" \
	"aXy7aEbcvF9arl/lTuLbtJpkcyfqL/6b6Ut6Vspktuqf/8PsMAAAH4+/FNI/" \
	"vxTSMAAAAH\n" \
	"c3NoLXJzYQAAAIEAuSmbwSDcoMicRvKHReNczALLhAp5n5K++QlCth7ctnm/" \
	"cfYrRM9yEq\n" \
	"NSadsRX4VMkt+gqR+FZy/u/oecffJX5zLCtMdL1H5Q/8hnZpdrbtb0u0N6Qv" \
	"4XfOZzxzaX\n" \
	"y7aEbcvF9arl/lTuLbtJpkcyfqL/6b6Ut6Vspktuqf/8PsMAAAADAQABAAAA" \
	"gCR0e7Tnam\n" \
	"jBdntFbrqky/Viq30Arvdq5eyUFS1UIDJRAA9I3zX5/cSLoUM0HVSIIw5btv" \
	"71NMefGVfF\n" \
	"jVsCpqmI85OlH0iyTF3aLjPi/i9uP0RgbxjKU/pPs/RHLdERc3UZ00I27ybo" \
	"rcSgBe+XEW\n" \
	"/UxYqDiWGqf8aZKIBoJOJJAAAAQEOn7Mf+m+MMxFU/3i2PpzqOeR+eZphXFg" \
	"hXSYbtnQPk\n" \
	"juIFXy8nnj2nTzw1LoiNnd18hmTGUigZQi3FmhLxne8AAABBAPTSk49qxK2J" \
	"Asb1svzB00\n" \
	"j0VijJRtB+0IRagmukpztzE+nvjiAjChfmwcq9M3VXNZo5hk5rqycjWWWvaA" \
	"k06xcAAABB\n" \
	"AMGdvaVCqPiy4Aw3Y7QEXmsCWMT90oFEiaEWJ3dSIhg2diEU11vAosb8Pti/" \
	"uUC+ZlWW4o\n" \
	"2+j8d9CsVYiHGk5TUAAAABdAEC\n" \
	"-----END OPENSSH PRIVATE KEY-----\n"
#define RSA_PKCS1 \
	"-----BEGIN RSA PRIVATE KEY-----\n" \
	"MIICXAIBAAKBgQC5KZvBINygyJxG8odF41zMAsuECnmfkr75CUK2Hty2eb9x" \
	"9itE\n" \
	"z3ISo1Jp2xFfhUyS36CpH4VnL+7+h5x98lfnMsK0x0vUflD/yGdml2tu1vS7" \
	"Q3pC\n" \
	"/hd85nPHNpfLtoRty8X1quX+VO4tu0mmRzJ+ov/pvpS3pWymS26p//w+wwID" \
	"AQAB\n" \
	"AoGAJHR7tOdqaMF2e0VuuqTL9WKrfQCu92rl7JQVLVQgMlEAD0jfNfn9xIuh" \
	"QzQd\n" \
	"VIgjDlu2/vU0x58ZV8WNWwKmqYjzk6UfSLJMXdouM+L+L24/RGBvGMpT+k+z" \
	"9Ect\n" \
	"0RFzdRnTQjbvJuitxKAF75cRb9TFioOJYap/xpkogGgk4kkCQQD00pOPasSt" \
	"iQLG\n" \
	"9bL8wdNI9FYoyUbQftCEWoJrpKc7cxPp744gIwoX5sHKvTN1VzWaOYZOa6sn" \
	"I1ll\n" \
	"r2gJNOsXAkEAwZ29pUKo+LLgDDdjtAReawJYxP3SgUSJoRYnd1IiGDZ2IRTX" \
	"W8Ci\n" \
	"xvw+2L+5QL5mVZbijb6Px30KxViIcaTlNQJAFkOwN7K2ADIdlopxpJrb5B6U" \
	"V1E2\n" \
	"p29g9yhkA/YNX1Kv1O58Nl/5YwMRTKa4L0unDEd+91LDVePZFW5GP9AYMQJB" \
	"AK9i\n" \
	"mnXnKnUOY9HtIs3g3z6EA7F+U39xfFKFZP67UdMpElzpKiQdHdaujKd/FOrH" \
	"DqAd\n" \
	"a+AGbOvCI02c4ww+2LkCQEOn7Mf+m+MMxFU/3i2PpzqOeR+eZphXFghXSYbt" \
	"nQPk\n" \
	"juIFXy8nnj2nTzw1LoiNnd18hmTGUigZQi3FmhLxne8=\n" \
	"-----END RSA PRIVATE KEY-----\n"
#define RSA_PKCS8 \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALkpm8Eg3KDI" \
	"nEby\n" \
	"h0XjXMwCy4QKeZ+SvvkJQrYe3LZ5v3H2K0TPchKjUmnbEV+FTJLfoKkfhWcv" \
	"7v6H\n" \
	"nH3yV+cywrTHS9R+UP/IZ2aXa27W9LtDekL+F3zmc8c2l8u2hG3LxfWq5f5U" \
	"7i27\n" \
	"SaZHMn6i/+m+lLelbKZLbqn//D7DAgMBAAECgYAkdHu052powXZ7RW66pMv1" \
	"Yqt9\n" \
	"AK73auXslBUtVCAyUQAPSN81+f3Ei6FDNB1UiCMOW7b+9TTHnxlXxY1bAqap" \
	"iPOT\n" \
	"pR9Iskxd2i4z4v4vbj9EYG8YylP6T7P0Ry3REXN1GdNCNu8m6K3EoAXvlxFv" \
	"1MWK\n" \
	"g4lhqn/GmSiAaCTiSQJBAPTSk49qxK2JAsb1svzB00j0VijJRtB+0IRagmuk" \
	"pztz\n" \
	"E+nvjiAjChfmwcq9M3VXNZo5hk5rqycjWWWvaAk06xcCQQDBnb2lQqj4suAM" \
	"N2O0\n" \
	"BF5rAljE/dKBRImhFid3UiIYNnYhFNdbwKLG/D7Yv7lAvmZVluKNvo/HfQrF" \
	"WIhx\n" \
	"pOU1AkAWQ7A3srYAMh2WinGkmtvkHpRXUTanb2D3KGQD9g1fUq/U7nw2X/lj" \
	"AxFM\n" \
	"prgvS6cMR373UsNV49kVbkY/0BgxAkEAr2KadecqdQ5j0e0izeDfPoQDsX5T" \
	"f3F8\n" \
	"UoVk/rtR0ykSXOkqJB0d1q6Mp38U6scOoB1r4AZs68IjTZzjDD7YuQJAQ6fs" \
	"x/6b\n" \
	"4wzEVT/eLY+nOo55H55mmFcWCFdJhu2dA+SO4gVfLyeePadPPDUuiI2d3XyG" \
	"ZMZS\n" \
	"KBlCLcWaEvGd7w==\n" \
	"-----END PRIVATE KEY-----\n"
#define RSA_PUTTY2 \
	"PuTTY-User-Key-File-2: ssh-rsa\n" \
	"Encryption: none\n" \
	"Comment: t\n" \
	"Public-Lines: 4\n" \
	"AAAAB3NzaC1yc2EAAAADAQABAAAAgQC5KZvBINygyJxG8odF41zMAsuECnmf" \
	"kr75\n" \
	"CUK2Hty2eb9x9itEz3ISo1Jp2xFfhUyS36CpH4VnL+7+h5x98lfnMsK0x0vU" \
	"flD/\n" \
	"yGdml2tu1vS7Q3pC/hd85nPHNpfLtoRty8X1quX+VO4tu0mmRzJ+ov/pvpS3" \
	"pWym\n" \
	"S26p//w+ww==\n" \
	"Private-Lines: 8\n" \
	"AAAAgCR0e7TnamjBdntFbrqky/Viq30Arvdq5eyUFS1UIDJRAA9I3zX5/cSL" \
	"oUM0\n" \
	"HVSIIw5btv71NMefGVfFjVsCpqmI85OlH0iyTF3aLjPi/i9uP0RgbxjKU/pP" \
	"s/RH\n" \
	"LdERc3UZ00I27yborcSgBe+XEW/UxYqDiWGqf8aZKIBoJOJJAAAAQQD00pOP" \
	"asSt\n" \
	"iQLG9bL8wdNI9FYoyUbQftCEWoJrpKc7cxPp744gIwoX5sHKvTN1VzWaOYZO" \
	"a6sn\n" \
	"I1llr2gJNOsXAAAAQQDBnb2lQqj4suAMN2O0BF5rAljE/dKBRImhFid3UiIY" \
	"NnYh\n" \
	"FNdbwKLG/D7Yv7lAvmZVluKNvo/HfQrFWIhxpOU1AAAAQEOn7Mf+m+MMxFU/" \
	"3i2P\n" \
	"pzqOeR+eZphXFghXSYbtnQPkjuIFXy8nnj2nTzw1LoiNnd18hmTGUigZQi3F" \
	"mhLx\n" \
	"ne8=\n" \
	"Private-MAC: 433b2d3dc93d05d49b1309a8fe98ef305679c928\n"
#define P256_OPENSSH \
	"-----BEGIN OPENSSH PRIVATE KEY-----\n" \
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAA" \
	"ABNlY2RzYS\n" \
	"1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQQCZI6wDD/eE20RePr+8s" \
	"ZnDjFhpPEs\n" \
	"qY/3pBHhAQxhtrQ5KK5b8VFl1/ZvSaDGLijIMmtm5B2U02kul5i+YXQLAAAA" \
	"oOA0X0jgNF\n" \
	"9IAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAJkjr" \
	"AMP94TbRF4\n" \
	"+v7yxmcOMWGk8Sypj/ekEeEBDGG2tDkorlvxUWXX9m9JoMYuKMgya2bkHZTT" \
	"aS6XmL5hdA\n" \
	"sAAAAgLcViYJfR9r8H28hLAWUY4xn2AywX/iGdB/e9p751584AAAABdAECAw" \
	"QFBgc=\n" \
	"-----END OPENSSH PRIVATE KEY-----\n"
#define P256_SEC1 \
	"-----BEGIN EC PRIVATE KEY-----\n" \
	"MHcCAQEEIC3FYmCX0fa/B9vISwFlGOMZ9gMsF/4hnQf3vae+defOoAoGCCqG" \
	"SM49\n" \
	"AwEHoUQDQgAEAmSOsAw/3hNtEXj6/vLGZw4xYaTxLKmP96QR4QEMYba0OSiu" \
	"W/FR\n" \
	"Zdf2b0mgxi4oyDJrZuQdlNNpLpeYvmF0Cw==\n" \
	"-----END EC PRIVATE KEY-----\n"
#define P256_PARAMETERS \
	"-----BEGIN EC PARAMETERS-----\n" \
	"BggqhkjOPQMBBw==\n" \
	"-----END EC PARAMETERS-----\n" \
	"-----BEGIN EC PRIVATE KEY-----\n" \
	"MHcCAQEEIFguSc16kmoXRHe+QRvgeE0uzXwSOj0a38raIJtPAqOSoAoGCCqG" \
	"SM49\n" \
	"AwEHoUQDQgAEGWvLn3Z92DtCrRdbOVq5r0iRfzOSvF0kP6Dp4X0ljADg52ao" \
	"4LnP\n" \
	"cEhDkpCfoDwxYXiY9mJ9j84fIfgPzPBsVw==\n" \
	"-----END EC PRIVATE KEY-----\n"
#define P256_PUTTY3 \
	"PuTTY-User-Key-File-3: ecdsa-sha2-nistp256\n" \
	"Encryption: none\n" \
	"Comment: t\n" \
	"Public-Lines: 3\n" \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAJkjrAM" \
	"P94T\n" \
	"bRF4+v7yxmcOMWGk8Sypj/ekEeEBDGG2tDkorlvxUWXX9m9JoMYuKMgya2bk" \
	"HZTT\n" \
	"aS6XmL5hdAs=\n" \
	"Private-Lines: 1\n" \
	"AAAAIC3FYmCX0fa/B9vISwFlGOMZ9gMsF/4hnQf3vae+defO\n" \
	"Private-MAC: 8600df4917f8be3a4470390992838f3288fdf53fda3f14c" \
	"dc38dc773fa6e6477\n"
#define P384_OPENSSH \
	"-----BEGIN OPENSSH PRIVATE KEY-----\n" \
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAiAAA" \
	"ABNlY2RzYS\n" \
	"1zaGEyLW5pc3RwMzg0AAAACG5pc3RwMzg0AAAAYQS7+wYJeeCHGD/w40VTYl" \
	"GPCRqYQJr5\n" \
	"GdHLkyPpTiYoWDgItS2XIMza0gA8XCuO4JParQDSD4oQxPto/6Hf0Xkmo/uH" \
	"khReRAd2Dg\n" \
	"V0NRi6zf0bLYXrF8unthi1qjs3PS8AAADQ0STcztEk3M4AAAATZWNkc2Etc2" \
	"hhMi1uaXN0\n" \
	"cDM4NAAAAAhuaXN0cDM4NAAAAGEEu/sGCXnghxg/8ONFU2JRjwkamECa+RnR" \
	"y5Mj6U4mKF\n" \
	"g4CLUtlyDM2tIAPFwrjuCT2q0A0g+KEMT7aP+h39F5JqP7h5IUXkQHdg4FdD" \
	"UYus39Gy2F\n" \
	"6xfLp7YYtao7Nz0vAAAAMQC+yqBWZrq3QSCrK/vImGmrAAhqkjaGrDyV8CUm" \
	"BCMDBK2gdp\n" \
	"XPuI+HWCv0xlUVpEEAAAABdAECAwQFBg==\n" \
	"-----END OPENSSH PRIVATE KEY-----\n"
#define P521_OPENSSH \
	"-----BEGIN OPENSSH PRIVATE KEY-----\n" \
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAArAAA" \
	"ABNlY2RzYS\n" \
	"1zaGEyLW5pc3RwNTIxAAAACG5pc3RwNTIxAAAAhQQBU7Yc6rQvbDRhS4vRXs" \
	"ut/yZ3Ci91\n" \
	"nx28ITgSUQUd8+JIFPHm2jUQ90iRQKs0a8wlTnuQBG4xgx45VQ/SjgpL7JAA" \
	"ywHS991AWj\n" \
	"9PS7EkgFe2Nyo8gspsvOCDbPG0Jr0CdtBT8tiR2TNL6TXT7u1/VCS50v3YZQ" \
	"Ip9Bi0UjYn\n" \
	"pE953qYAAAEAsyL3E7Mi9xMAAAATZWNkc2Etc2hhMi1uaXN0cDUyMQAAAAhu" \
	"aXN0cDUyMQ\n" \
	"AAAIUEAVO2HOq0L2w0YUuL0V7Lrf8mdwovdZ8dvCE4ElEFHfPiSBTx5to1EP" \
	"dIkUCrNGvM\n" \
	"JU57kARuMYMeOVUP0o4KS+yQAMsB0vfdQFo/T0uxJIBXtjcqPILKbLzgg2zx" \
	"tCa9AnbQU/\n" \
	"LYkdkzS+k10+7tf1QkudL92GUCKfQYtFI2J6RPed6mAAAAQgH9xwJRfcO+NT" \
	"9o+7i91ZnY\n" \
	"+A3NZxEueCHXTP1dgBxGBTWIhTCiNo1iGAnXmwGJ7nKOoqWnLkTW7WdPjv21" \
	"NdCSigAAAA\n" \
	"F0AQ==\n" \
	"-----END OPENSSH PRIVATE KEY-----\n"
#define P521_PKCS8 \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIB/ccCUX3DvjU/" \
	"aPu4\n" \
	"vdWZ2PgNzWcRLngh10z9XYAcRgU1iIUwojaNYhgJ15sBie5yjqKlpy5E1u1n" \
	"T479\n" \
	"tTXQkoqhgYkDgYYABAFTthzqtC9sNGFLi9Fey63/JncKL3WfHbwhOBJRBR3z" \
	"4kgU\n" \
	"8ebaNRD3SJFAqzRrzCVOe5AEbjGDHjlVD9KOCkvskADLAdL33UBaP09LsSSA" \
	"V7Y3\n" \
	"KjyCymy84INs8bQmvQJ20FPy2JHZM0vpNdPu7X9UJLnS/dhlAin0GLRSNiek" \
	"T3ne\n" \
	"pg==\n" \
	"-----END PRIVATE KEY-----\n"
#define ENCRYPTED_OPENSSH \
	"-----BEGIN OPENSSH PRIVATE KEY-----\n" \
	"b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAA" \
	"ABBKRtTOjc\n" \
	"czkB2l21MzS5/RAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAILn430" \
	"pRfGHEj6Nu\n" \
	"8UMmAS67rwpT3ki/gcLIqctQ+pB2AAAAkJ55+gpI0dazqKGKfqjlhlHs3uY8" \
	"/yyIsNRQq9\n" \
	"aeOAY7fIBhCdQHp9Z1xI51xtlW5N0CK7tmMxxlj8U/agn5WRl402tkDEZrj5" \
	"381TyNg6q7\n" \
	"8EUgcIRfWXOXYa/vY0h7Sp2WvKAJ2EykmxxVFuArr6tRHETdmrYTTDuOXFMa" \
	"qBsmGah8Hy\n" \
	"GCnOcIiDKwPpN6hA==\n" \
	"-----END OPENSSH PRIVATE KEY-----\n"
#define ENCRYPTED_PEM \
	"-----BEGIN EC PRIVATE KEY-----\n" \
	"Proc-Type: 4,ENCRYPTED\n" \
	"DEK-Info: AES-128-CBC,E786F45E46CC137F57713C8A14240A15\n" \
	"\n" \
	"7jAyJD2FRrOyx2rTnQdhQffrqK3y3Q6JFZU7jdBH6+I1+Fhicw6rxoI4nw1P" \
	"Jg3z\n" \
	"T4UwniP7ORNGoSj1fF8bLdc9M0TddLHwIcScgqu2TRpjkGlZoZPYg7wE9bOl" \
	"GdzI\n" \
	"Zh2AYSwyiLGGGIuKiTV6ikvsbRt9D3TUQSsoQW+3eWs=\n" \
	"-----END EC PRIVATE KEY-----\n"
#define ENCRYPTED_PKCS8 \
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
	"MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiB9QepuE0wLAIC" \
	"CAAw\n" \
	"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEAOOgJ+HA2p/XbGHC7fLhAME" \
	"gZAy\n" \
	"x6E6Jp0/2NIqoP7FOS6KvvUNFMFNMeXTpXDAL7A8UI5ATy6w39TeULL3oUX+" \
	"pGQe\n" \
	"9g0pTMXX1BUA2moxQ7ELgyFAsg6eqUZDG3RrqJLzdbf0sBlEk9R9LsRcArwV" \
	"t8WO\n" \
	"HCNmNXF8UyeGaqUz/QJz04ED/fBsYD8FV91dfOMt/JwZ9Pgfnpb+yRiCj1Qm" \
	"QfA=\n" \
	"-----END ENCRYPTED PRIVATE KEY-----\n"
#define ENCRYPTED_PUTTY2 \
	"PuTTY-User-Key-File-2: ssh-ed25519\n" \
	"Encryption: aes256-cbc\n" \
	"Comment: t\n" \
	"Public-Lines: 2\n" \
	"AAAAC3NzaC1lZDI1NTE5AAAAILn430pRfGHEj6Nu8UMmAS67rwpT3ki/gcLI" \
	"qctQ\n" \
	"+pB2\n" \
	"Private-Lines: 1\n" \
	"EEUGDp1dnh7yx7Z/E87rxFfQCKVYGB3v4woE2FLENDaYLVvUxJ+XE8OqeURe" \
	"yxjm\n" \
	"Private-MAC: 20092449aa1341df0787773be020cb5e53c27ca9\n"
#define ENCRYPTED_PUTTY3 \
	"PuTTY-User-Key-File-3: ssh-ed25519\n" \
	"Encryption: aes256-cbc\n" \
	"Comment: t\n" \
	"Public-Lines: 2\n" \
	"AAAAC3NzaC1lZDI1NTE5AAAAILn430pRfGHEj6Nu8UMmAS67rwpT3ki/gcLI" \
	"qctQ\n" \
	"+pB2\n" \
	"Key-Derivation: Argon2id\n" \
	"Argon2-Memory: 8192\n" \
	"Argon2-Passes: 8\n" \
	"Argon2-Parallelism: 1\n" \
	"Argon2-Salt: c2df91a61898501a1bd1387fbfbbbd7a\n" \
	"Private-Lines: 1\n" \
	"xeWMoE0+eKnUS2TwT3f/KvneGe+xLXLpm3GTOqobtWZc6AiEt9z90nG38CrP" \
	"a57b\n" \
	"Private-MAC: 3c0bb9a2fcd33e0dfebcca2c27fc762a6a3b1450c7179a2" \
	"b2b41343e5a6226a8\n"

#define ED_PUBLIC \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILn430pRfGHEj6Nu8UMmAS67rwpT" \
	"3ki/gcLIqctQ+pB2 t"
#define RSA_PUBLIC \
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC5KZvBINygyJxG8odF41zMAsuE" \
	"Cnmfkr75CUK2Hty2eb9x9itEz3ISo1Jp2xFfhUyS36CpH4VnL+7+h5x98lfnMsK0" \
	"x0vUflD/yGdml2tu1vS7Q3pC/hd85nPHNpfLtoRty8X1quX+VO4tu0mmRzJ+ov/p" \
	"vpS3pWymS26p//w+ww== t"
#define P256_PUBLIC \
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAy" \
	"NTYAAABBBAJkjrAMP94TbRF4+v7yxmcOMWGk8Sypj/ekEeEBDGG2tDkorlvxUWXX" \
	"9m9JoMYuKMgya2bkHZTTaS6XmL5hdAs= t"
#define P384_PUBLIC \
	"ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAz" \
	"ODQAAABhBLv7Bgl54IcYP/DjRVNiUY8JGphAmvkZ0cuTI+lOJihYOAi1LZcgzNrS" \
	"ADxcK47gk9qtANIPihDE+2j/od/ReSaj+4eSFF5EB3YOBXQ1GLrN/RsthesXy6e2" \
	"GLWqOzc9Lw== t"
#define P521_PUBLIC \
	"ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1" \
	"MjEAAACFBAFTthzqtC9sNGFLi9Fey63/JncKL3WfHbwhOBJRBR3z4kgU8ebaNRD3" \
	"SJFAqzRrzCVOe5AEbjGDHjlVD9KOCkvskADLAdL33UBaP09LsSSAV7Y3KjyCymy8" \
	"4INs8bQmvQJ20FPy2JHZM0vpNdPu7X9UJLnS/dhlAin0GLRSNiekT3nepg== t"

#endif /* NASKEYS_TESTS_PRIVATE_KEYS_H */
