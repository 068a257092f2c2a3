"""What people who watch a store are shown, by the page and by `lightjobs top` alike."""
