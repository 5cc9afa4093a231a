"""What several folders of tests share; see README.md."""
