"""R2: the only package that knows the S3 client, and what the bucket holds.

An *object* is one key with its bytes. A *stored backup* is what the keys of one name add up to,
complete or not (`backups`). A *listing* adds what the manifests say, and everything else that is
there (`listing`). The *usage* counts backups and bytes for each database (`usage`).
"""
