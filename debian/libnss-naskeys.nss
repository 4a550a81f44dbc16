passwd	after=files	naskeys
group	after=files	naskeys
shadow	after=files	naskeys
