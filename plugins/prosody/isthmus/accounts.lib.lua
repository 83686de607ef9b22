-- Answers "does this user of the domain have an account here?", for every stanza, so with a bounded cache.

local new_cache = require "util.cache".new;
local now = require "util.time".monotonic;
local user_exists = require "core.usermanager".user_exists;

return function (options)
	local domain = options.domain;
	-- node -> { exists = boolean, expires = seconds on the monotonic clock }
	local known = new_cache(options.account_limit);

	local function is_online(node)
		return prosody.hosts[domain].sessions[node] ~= nil;
	end

	-- A look-up that fails counts as "has an account": then the gateway may not speak for the user, and nothing leaves.
	local function look_up(node)
		local ok, found = pcall(user_exists, node, domain);
		if not ok then
			module:log("error", "Cannot look up the account of %s, taking it as existing: %s", node, found);
			return true;
		end
		known:set(node, { exists = not not found, expires = now() + options.account_lifetime });
		return not not found;
	end

	-- True if `node` (prepared) has an account on the domain. An online user needs no look-up.
	local function exists(node)
		if is_online(node) then
			return true;
		end
		local entry = known:get(node);
		if entry and now() < entry.expires then
			return entry.exists;
		end
		return look_up(node);
	end

	return {
		exists = exists,
		is_online = is_online,
		forget = function (node) known:set(node, nil); end,
	};
end
