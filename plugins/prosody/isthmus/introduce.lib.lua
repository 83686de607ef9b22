-- The gateway has come, and may know nothing: asks it, in the users' names, what their servers would ask at a sign-in.
--
-- Prosody probes contacts when a user signs in, not when a contact's side comes back. A gateway that keeps its state in memory
-- would leave all contacts of those who are signed in offline until their next sign-in.

local jid_split = require "util.jid".split;
local st = require "util.stanza";

-- One round takes a few milliseconds of Prosody's only thread.
local USERS_PER_ROUND = 20;
local SECONDS_BETWEEN_ROUNDS = 0.1;

return function (options, accounts, connections)
	local function is_missing_user(jid)
		local node, host = jid_split(jid);
		return node and options.served[host] and not accounts.exists(node, host);
	end

	-- Sends as RFC 6121 (sections 4.2.2 and 4.3.1) has a server do for a user who becomes available, to one contact.
	local function introduce_to(user, contact, item, presences)
		if item.subscription == "to" or item.subscription == "both" then
			module:send(st.presence({ type = "probe", from = user, to = contact }));
		end
		if item.subscription == "from" or item.subscription == "both" then
			for _, presence in ipairs(presences) do
				local copy = st.clone(presence);
				copy.attr.to = contact;
				module:send(copy);
			end
		end
	end

	local function introduce(username, domain)
		local host = prosody.hosts[domain];
		local account = host and host.sessions[username];
		local roster, presences = nil, {};
		for _, session in pairs(account and account.sessions or {}) do
			roster = roster or session.roster;
			presences[#presences + 1] = session.presence;
		end
		if not roster or #presences == 0 then
			return;
		end
		for contact, item in pairs(roster) do
			if contact and is_missing_user(contact) then
				introduce_to(username .. "@" .. domain, contact, item, presences);
			end
		end
	end

	-- Goes through the users who are signed in now, a round at a time, for as long as there is somebody to be told.
	return function ()
		local users = {};
		for domain in pairs(options.served) do
			local host = prosody.hosts[domain];
			for username in pairs(host and host.sessions or {}) do
				users[#users + 1] = { username = username, domain = domain };
			end
		end
		module:log("info", "Introducing %d users to %s", #users, options.component);
		module:add_timer(0, function ()
			for _ = 1, USERS_PER_ROUND do
				local user = table.remove(users);
				if not user or not connections.is_served() then
					return nil;
				end
				introduce(user.username, user.domain);
			end
			return SECONDS_BETWEEN_ROUNDS;
		end);
	end
end
