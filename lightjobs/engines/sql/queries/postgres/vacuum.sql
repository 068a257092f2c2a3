-- Make the space of dead rows usable again. Without the right to it this only warns; while another vacuum runs it
-- does nothing. The file is not shortened: that locks out all others, and the space is soon needed again.
VACUUM (SKIP_LOCKED, TRUNCATE false) {jobs}
