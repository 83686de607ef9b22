%%% "Does this user of a served domain have an account here?" ejabberd's own look-up has a cache (the options auth_cache_*).
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_accounts).

-export([exists/2, is_online/2, is_missing/2]).

-include("logger.hrl").
-include_lib("xmpp/include/xmpp.hrl").

%% A look-up that fails counts as "has an account": then the gateway may not speak for the user, and nothing leaves.
%% ejabberd_auth:user_exists/2 says "no" in that case.
-spec exists(binary(), binary()) -> boolean().
exists(LUser, LServer) ->
    try ejabberd_auth:user_exists_in_other_modules(undefined, LUser, LServer) of
        Exists when is_boolean(Exists) -> Exists;
        maybe -> failed(LUser, LServer, "the store cannot be read")
    catch
        _:Reason -> failed(LUser, LServer, Reason)
    end.

%% Has the user a connected resource?
-spec is_online(binary(), binary()) -> boolean().
is_online(LUser, LServer) ->
    ejabberd_sm:get_user_resources(LUser, LServer) =/= [].

%% Is it the address of a user whom the gateway of this component serves?
-spec is_missing(jid:jid(), binary()) -> boolean().
is_missing(#jid{luser = <<>>}, _Component) ->
    false;
is_missing(#jid{luser = LUser, lserver = LServer}, Component) ->
    mod_isthmus_config:component_of(LServer) =:= Component andalso not exists(LUser, LServer).

failed(LUser, LServer, Reason) ->
    ?ERROR_MSG("Cannot look up the account of ~ts@~ts, taking it as existing: ~p", [LUser, LServer, Reason]),
    true.
