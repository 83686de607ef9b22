-- Grants a contact's wish to see a local user in the user's name: policy has decided, and the user is not asked.
--
-- What follows is what follows when a client of the user sends `subscribed` (RFC 6121 section 3.1.5), by the server's own
-- hands: roster, roster push, the stanza to the contact, presence of the user's resources.

local jid_prepped_split = require "util.jid".prepped_split;
local modulemanager = require "core.modulemanager";
local rostermanager = require "core.rostermanager";
local st = require "util.stanza";

return function (options, accounts)
	local function prepare(jid)
		local node, host = jid_prepped_split(jid);
		return node and node .. "@" .. host, node, host;
	end

	-- mod_blocklist (XEP-0191) holds back presence, not `subscribed`: a contact who is blocked would be put into the roster. It
	-- answers no questions, so its store is read, in its form: JIDs as keys.
	local function is_blocked(node, host, contact, contact_host)
		if not modulemanager.is_loaded(host, "blocklist") then
			return false;
		end
		local list, failure = module:context(host):open_store("blocklist"):get(node);
		return failure ~= nil or list and (list[contact] or list[contact_host]) ~= nil;
	end

	-- Without a request the server would take `subscribed` for an approval in advance (RFC 6121 section 3.4), so there has to be one.
	local function approve(node, host, contact)
		if not rostermanager.is_contact_subscribed(node, host, contact) then
			rostermanager.set_contact_pending_in(node, host, contact);
		end
		local subscribed = st.presence({ type = "subscribed", from = node .. "@" .. host, to = contact });
		prosody.core_post_stanza(prosody.hosts[host], subscribed, true);
		return rostermanager.is_contact_subscribed(node, host, contact);
	end

	-- Returns nil, or the type, the condition and the text of an error.
	return function (user_jid, contact_jid)
		local user, node, host = prepare(user_jid);
		local contact, contact_node, contact_host = prepare(contact_jid);
		if not user or not contact then
			return "modify", "jid-malformed", "approve needs a user and a contact with a local part";
		end
		if not options.served[host] or not accounts.exists(node, host) then
			return "cancel", "item-not-found", "The user has no account here";
		end
		if not options.served[contact_host] or accounts.exists(contact_node, contact_host) then
			return "auth", "forbidden", "The gateway does not serve this contact";
		end
		if is_blocked(node, host, contact, contact_host) then
			return "cancel", "not-allowed", "The user has blocked the contact";
		end
		if not approve(node, host, contact) then
			return "wait", "internal-server-error", "The user's roster cannot be written";
		end
		module:log("info", "Approved in the name of %s: %s may see the user", user, contact);
		return nil;
	end
end
