"""R2: the only package that knows the S3 client, and what lies in the bucket."""
