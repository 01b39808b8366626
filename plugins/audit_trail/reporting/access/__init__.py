"""Who may write to an archive's bucket or delete from it, by the policies of its AWS account."""
