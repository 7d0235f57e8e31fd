# The cluster's network and its database.
terraform {
  required_providers {
    google = { source = "hashicorp/google", version = "5.20.0" }
  }
}

resource "google_sql_database_instance" "orders" {
  name             = "orders"
  database_version = "POSTGRES_15"
  settings { tier = "db-custom-2-7680" }
}
