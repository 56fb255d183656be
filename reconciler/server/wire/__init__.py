"""An embedded server offered on the vendor's protocol, by the SDK's own listener."""
